"""Fees of the car park at the ferry terminal.

Amounts are in euros. The night tariff begins at 22:00 and ends at 6:00; it is half of
the day tariff. A lost ticket costs 45 euros, whatever the time of entry.
"""

from dataclasses import dataclass
from datetime import timedelta

# What is paid for each started hour, by kind of vehicle.
HOURLY = {
    "motorcycle": 1.20,
    "car": 3.00,
    "camper": 5.80,
    "lorry": 9.50,
}

# Visitors who only bring somebody to the ferry pay nothing for this long.
FREE_MINUTES = 25


@dataclass
class Stay:
    """One visit: what was parked, and for how long."""

    vehicle: str
    length: timedelta
    at_night: bool = False


def fee(stay: Stay) -> float:
    """The amount to pay at the barrier."""
    minutes = stay.length.total_seconds() / 60
    if minutes <= FREE_MINUTES:
        return 0.0
    hours = -(-int(minutes) // 60)
    amount = hours * HOURLY[stay.vehicle]
    return amount / 2 if stay.at_night else amount


def season_ticket(vehicle: str, months: int) -> float:
    """A season ticket costs as much as 70 hours a month; the twelfth month is free."""
    paid = min(months, 11)
    return round(paid * 70 * HOURLY[vehicle], 2)
