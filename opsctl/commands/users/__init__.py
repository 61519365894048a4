"""opsctl users: who may ask the bot, who waits to be let in, and what each of them may do."""

from opsctl.lazy import lazy_group

app = lazy_group(
    __name__,
    {
        "list": ("listing:list_people", "List who may ask, what each may do, and who waits."),
        "approve": ("deciding:approve", "Let people in, by their ids or codes."),
        "remove": ("deciding:remove", "Take back an approval or a code."),
        "limit": ("data:limit", "Show or set how much one person may ask."),
        "export": ("data:export", "Print everything that is kept of a person, as JSON."),
        "erase": ("data:erase", "Delete everything that is kept of a person."),
        "clear": ("deciding:clear", "Take back the codes of all who wait."),
    },
    help="List the people of the bot; let them in, and take that back.",
)
