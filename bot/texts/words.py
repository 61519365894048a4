"""What the bot has words for."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Texts:
    """The words of one language; what stands in braces is filled in."""

    language: str
    start: str
    start_group: str
    help: str
    help_editor: str
    help_admin: str
    placeholder: str
    queued: str
    quotes: str
    quotes_no_server: str
    searched: str
    quotes_busy: str
    broken_off: str
    unsupported: str
    repeats: str
    cut: str
    stopped: str
    interrupted: str
    deadline: str
    empty: str
    no_server: str
    not_ready: str
    internal: str
    full: str
    per_minute: str
    per_day: str
    too_long: str
    only_text: str
    no_question: str
    new: str
    forgotten: str
    nothing_to_stop: str
    nothing_to_retry: str
    nothing_to_show: str
    still_working: str
    no_sources: str
    thanks: str
    not_yours: str
    gone: str
    forgotten_before: str
    waits: str
    passed_on: str
    no_admin_yet: str
    still_waits: str
    still_no_admin: str
    question_kept: str
    too_many_wait: str
    refused: str
    let_in: str
    made_person: str
    made_editor: str
    made_admin: str
    invite_twice: str
    invite_used_up: str
    invite_expired: str
    invite_unknown: str
    invite_not_needed: str
    door_one: str
    door_admitted: str
    door_refused: str
    door_many: str
    door_done: str
    door_in: str
    door_out: str
    door_all: str
    door_none: str
    door_list: str
    door_let_in: str
    door_turned_out: str
    by_invite: str
    by_group: str
    nobody_waits: str
    unknown_command: str
    status: str
    server_up: str
    server_down: str
    server_none: str
    reindexing: str
    reindexed: str
    reindex_busy: str
    reindex_failed: str
    only_admins: str
    upload_receiving: str
    upload_reading: str
    upload_adding: str
    upload_added: str
    upload_in_part: str
    upload_pages: str
    upload_known: str
    upload_kind: str
    upload_too_big: str
    upload_mismatch: str
    upload_missing: str
    upload_scan: str
    upload_no_text: str
    upload_contents: str
    photo: str
    upload_locked: str
    upload_heavy: str
    upload_damaged: str
    upload_lost: str
    upload_not_saved: str
    upload_not_indexed: str
    upload_replace: str
    upload_replaced: str
    upload_replaced_in_part: str
    upload_not_replaced: str
    upload_older_changed: str
    upload_newer_gone: str
    upload_both: str
    upload_not_yours: str
    moment: str
    questions: tuple[str, ...]
    characters: tuple[str, ...]
    seconds: tuple[str, ...]
    minutes: tuple[str, ...]
    hours: tuple[str, ...]
    days: tuple[str, ...]
    about: str
    about_contact: str
    about_no_contact: str
    about_server: str
    contact: str
    mydata_caption: str
    mydata_private: str
    mydata_title: str
    mydata_question: str
    mydata_answer: str
    mydata_sources: str
    mydata_rest: str
    mydata_none: str
    news: str
    news_added: str
    news_changed: str
    news_removed: str
    news_failed: str
    news_by: str
    news_more: str
    model_causes: Mapping[str, str]
    news_model: str
    news_model_back: str
    news_broken: str
    button_retry: str
    whole_gone: str
    button_whole: str
    button_stop: str
    button_replace: str
    button_keep_both: str
    description: str
    short_description: str
    commands: tuple[tuple[str, str], ...]
    editor_commands: tuple[tuple[str, str], ...]
    admin_commands: tuple[tuple[str, str], ...]

    def cause_of(self, kind: str) -> str:
        """Why the model does not answer, by the kind of the error."""
        return self.model_causes.get(kind, self.model_causes["ServerDown"])
