"""opsctl users: who may ask the bot, who waits to be let in, and what each of them may do."""

from opsctl.terminal.lazy import lazy_group

app = lazy_group(
    __name__,
    {
        "list": ("listing:list_people", "List who may ask, what each may do, and who waits."),
        "approve": ("deciding:approve", "Let people in, by their ids or codes."),
        "reject": ("deciding:reject", "Refuse people who wait, by their ids or codes."),
        "remove": ("deciding:remove", "Stop letting people in, or forget their requests."),
        "clear": ("deciding:clear", "Forget the requests of all who wait."),
        "role": ("deciding:role", "Make somebody a person, an editor or an administrator."),
        "add": ("adding:add", "Let in everybody of a csv file."),
        "invite": ("inviting:invite", "Make a link that lets in whoever opens it."),
        "invites": ("inviting:invites", "List the links."),
        "revoke": ("inviting:revoke", "End a link: it lets nobody in any more."),
        "claim": ("inviting:claim", "Show the code that makes the first administrator."),
        "limit": ("data:limit", "Show or set how much one person may ask."),
        "export": ("data:export", "Print everything that is kept of a person, as JSON."),
        "erase": ("data:erase", "Delete everything that is kept of a person."),
    },
    help="List the people of the bot; let them in, and take that back.",
)
