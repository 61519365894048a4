"""Every word that the bot says by itself, in English."""

from bot.texts.words import Texts

EN = Texts(
    language="en",
    start="Hello! I answer questions from the documents and show where the answer comes from.\n"
    "Just write your question.",
    start_group="Hello! I answer questions from the documents and show where the answer comes"
    " from.\n"
    "To ask in a group, write your question after /ask or my @name, or reply to my message.",
    help="Ask in plain words: I look into the documents and name the file and the page.\n"
    "\n/ask — ask a question in a group\n/new — start a new conversation"
    "\n/retry — answer again\n/stop — stop the answer"
    "\n/sources — show the sources of the answer"
    "\n/forget — delete your questions, answers and ratings\n/mydata — what is kept about you"
    "\n/about — who runs this bot and who sees your questions"
    "\n\nIn a group, write your question after /ask or my @name, or reply to my message.",
    help_editor="\n\nYou may change the documents:\n/reindex — read the documents again\n"
    "Send me a file of up to 20 MB in private — pdf, Word, Excel, PowerPoint, LibreOffice, mail,"
    " an archive, a text — or a photo of a page: I add it to the documents.",
    help_admin="\n\nFor administrators:\n/requests — who asks for access\n/status — how things are",
    placeholder="…",
    queued="⏳ Got it. In the queue before you: {ahead}.",
    quotes="📄 Quotations from the documents:",
    quotes_no_server="📄 The model does not answer at the moment."
    " These are quotations from the documents:",
    searched="🔎 Searched for: {words}",
    quotes_busy="📄 The model is busy at the moment. Here are quotations from the documents:",
    unsupported="⚠️ Not confirmed by the passages that were found: {said}",
    broken_off="✂️ The model server broke the answer off here. Try again a little later.",
    repeats="✂️ The model began to repeat itself: the answer is cut here.",
    cut="✂️ The answer reached its greatest length and breaks off here.",
    stopped="⏹ Stopped.",
    interrupted="⏸ I have to pause. I will finish the answer here when I am back.",
    deadline="⌛ The answer was not finished: it takes longer than {seconds} s. Please ask again.",
    empty="The model gave no answer. Try to ask in other words.",
    no_server="The model does not answer at the moment. Please try again a little later.",
    not_ready="The documents cannot be searched yet. Please tell the administrator.",
    internal="There is no answer because of the internal error {error}. Please try again.",
    full="I am still answering {questions}. Wait for the answer, or press /stop.",
    per_minute="Too many questions: at most {count} a minute. Try again in {wait}.",
    per_day="Too many questions: at most {count} in 24 hours. Try again in {wait}.",
    too_long="The question is too long: it has {characters}, and {most} is the most.",
    only_text="I understand text only. Write the question in words.",
    no_question="Write the question in the same message, after /ask or my name.",
    new="A new conversation begins.",
    forgotten="Done: I keep your questions, answers and ratings no longer."
    " The messages in the chat you can delete yourself.",
    nothing_to_stop="There is nothing to stop here.",
    nothing_to_retry="There is no question to answer again.",
    nothing_to_show="There is no question whose sources could be shown.",
    still_working="I am still answering this question.",
    no_sources="This answer has no sources.",
    thanks="Thank you!",
    not_yours="This button is for the person who asked.",
    gone="I do not remember that answer any more.",
    forgotten_before="This answer was deleted by your /forget.",
    waits="Hello! I answer from documents, and an administrator gives access to them."
    " {next}\n"
    "You can ask your question now: I will answer once you have access.\n"
    "To hurry it up: your code is {code}, your id {user}.\n"
    "What is kept and who can see it: /about",
    passed_on="I have passed your request on and will write as soon as it is decided.",
    no_admin_yet="There is none yet: I keep your request, pass it on as soon as there is one, and"
    " write when it is decided.",
    still_waits="The administrator has your request and has not decided yet."
    " I will write as soon as it is decided. Your code: {code}",
    still_no_admin="I have your request, but there is no administrator yet to decide."
    " I will write as soon as it is decided. Your code: {code}",
    question_kept="I keep your question and will answer it as soon as you have access.",
    too_many_wait="Too many people are waiting for access, and there was no room for your request."
    " Write /start tomorrow, or ask the administrator.",
    refused="The administrator has not given you access. If that is a mistake, ask them directly.",
    let_in="You have access. Just write your question; what I can do: /help",
    made_person="From now on you can only ask questions.",
    made_editor="You may change the documents, too. How to do that: /help",
    made_admin="You are an administrator of this bot. When colleagues write /start to me, I will"
    " send you their requests with buttons. The rest: /help",
    invite_twice="You have used this link before.",
    invite_used_up="As many people as this link is for have used it.",
    invite_expired="This link has expired.",
    invite_unknown="There is no such link or code: is it all there?",
    invite_not_needed="You do not need one: just write your question.",
    door_one="Asks for access: {person}",
    door_admitted="✅ Has access: {person}\nDecided by: {decider}",
    door_refused="⛔ Has no access: {person}\nDecided by: {decider}",
    door_many="Ask for access: {count}. Press a number to decide about one of them.",
    door_done="Everything here is decided.",
    door_in="✅ Let in",
    door_out="⛔ Refuse",
    door_all="✅ Let all in ({count})",
    door_none="⛔ Refuse all",
    door_list="← List",
    door_let_in="Let in: {count}",
    door_turned_out="Refused: {count}",
    by_invite="an invitation link",
    by_group="a member of the group",
    nobody_waits="Nobody is waiting for access.",
    unknown_command="There is no such command. See /help",
    status="Last poll of Telegram: {poll:.0f} s ago\nWaiting: {waiting}\nTo be shown: {final}\n"
    "Updates not dealt with: {backlog}\nBeing written: {running}\n"
    "Documents that can be found: {found}, in part: {partial}; files not read: {unread}\n"
    "Model server: {server}\n"
    "Ratings in {days}: 👍 {liked} 👎 {disliked}",
    server_up="answers",
    server_down="gives no answers: {cause} (more: opsctl status)",
    server_none="none, I quote the documents",
    reindexing="Reading the documents…",
    reindexed="Done. New: {added}, changed: {changed}, removed: {removed}, unchanged: {unchanged},"
    " not readable: {failed}.",
    reindex_busy="Another program is updating the index now. Try again a little later: /reindex",
    reindex_failed="It failed. The reason is in the log: opsctl logs bot",
    only_admins="Only an administrator or an editor can add documents."
    " Write the question in words.",
    upload_receiving="⏳ Receiving the file…",
    upload_reading="⏳ Reading the file…",
    upload_adding="⏳ Adding it to the documents…",
    upload_added="✅ Added: {name}, {pages}passages: {passages}.",
    upload_in_part="⚠️ Added, but not all of it could be read: {name}, {pages}passages: {passages}."
    " What is missing: opsctl status.",
    upload_pages="pages: {pages}, ",
    upload_known="There is such a document already: {name}.",
    upload_kind="I cannot read a file of this kind. I read documents (pdf, docx, doc, odt, rtf,"
    " txt), tables (xlsx, xls, ods, csv), slides (pptx, ppt, odp), mail (eml, msg, mbox), archives"
    " (zip, 7z, rar, tar), books (epub, fb2), web pages (html) and pictures (jpg, png, tiff).",
    upload_too_big="The file is larger than {most} MB: Telegram gives no such file to a bot. Put it"
    " into the documents folder and send /reindex.",
    upload_mismatch="Not added: the content does not look like {kind}. Perhaps the file is damaged,"
    " protected with a password, or of another format under this name.",
    upload_missing="Not added: to have this file read, install a program on the server: {how}",
    upload_scan="Not added: this is a scan or a picture. To have such files read, install text"
    " recognition on the server: {how}",
    upload_no_text="Not added: no text was found in the file.",
    upload_contents="Not added: none of the files in it could be read.",
    photo="photo",
    upload_locked="Not added: the file is protected with a password. Save a copy without one.",
    upload_heavy="Not added: the file is too large to be read, unpacked or in time and memory."
    " Divide it, or save it in another way.",
    upload_damaged="Not added: the file is damaged or too complex, it cannot be read.",
    upload_lost="Not added: the file could not be fetched from Telegram. Please send it again.",
    upload_not_saved="Not added: the file could not be saved ({reason}).",
    upload_not_indexed="The file is in the documents as {name}, but cannot be found. The reason is"
    " in the log: opsctl logs bot. To try again: /reindex",
    upload_replace="There is a document {name} already (of {when}). Replace it?\n"
    "For now there are both; without an answer it stays so.",
    upload_replaced="The older document is deleted: {name}.",
    upload_replaced_in_part="The older document is deleted: {name}, but it can still be found. The"
    " reason is in the log: opsctl logs bot. To try again: /reindex",
    upload_not_replaced="The older document is not deleted: {name} ({reason}).",
    upload_older_changed="it has changed meanwhile",
    upload_newer_gone="the new one is no longer there",
    upload_both="Both documents stay; the older one: {name}.",
    upload_not_yours="This button is for the person who sent the document.",
    moment="%Y-%m-%d %H:%M",
    questions=("question of yours", "questions of yours"),
    characters=("character", "characters"),
    seconds=("second", "seconds"),
    minutes=("minute", "minutes"),
    hours=("hour", "hours"),
    days=("day", "days"),
    about="ℹ️ I answer questions from the documents.\n"
    "\n👤 {contact}"
    "\n\n💾 What is kept on the bot's server: your questions, the answers and your ratings, for"
    " {days}, then they are deleted. Your name and your Telegram id, as long as you have access"
    " or wait for it."
    "\n\n👁 The administrator of the server can read this. Other people do not see your questions,"
    " except in groups, where every member sees them."
    "\n\n✈️ Questions, answers, quotations and files pass through Telegram's servers without"
    " end-to-end encryption and stay in the chat. Write nothing here that Telegram must not"
    " see.{server}"
    "\n\n/mydata — get everything that is kept about you\n/forget — delete your questions, answers"
    " and ratings. The messages in the chat you can delete yourself.",
    about_contact="Questions about the bot: {contact}",
    about_no_contact="The administrator who let you in is responsible for this bot.",
    about_server="\n\n🖥 The answers are written by the model server {host}, which is sent the"
    " question and passages of the documents.",
    contact="\n\nWhom to turn to: {contact}",
    mydata_caption="Everything that is kept about you. What it is and who can read it: /about",
    mydata_private="I send your data in a private chat only: write /mydata to me there.",
    mydata_title="What this bot keeps about you, {when}\nYour Telegram id: {user}",
    mydata_question="Question",
    mydata_answer="Answer",
    mydata_sources="Sources",
    mydata_rest="All records as they are kept",
    mydata_none="Nothing.",
    news="📂 The documents were updated.",
    news_added="New: {count} — {names}",
    news_changed="Changed: {count} — {names}",
    news_removed="Removed: {count} — {names}",
    news_failed="Not readable: {count} — {names}",
    news_by="{path} (sent by {name})",
    news_more="and {count} more",
    model_causes={
        "ServerDown": "it does not answer",
        "Refused": "nothing listens at its address",
        "Unhealthy": "it says that it cannot work",
        "Loading": "it is still loading its model",
        "ServerBusy": "it is busy",
        "Unauthorized": "it does not accept the key (OPSCTL_API_KEY)",
        "BadRequest": "it refuses the request",
        "BadReply": "what answers there is another program (OPSCTL_SERVER_URL, OPSCTL_SERVER_API)",
        "UnknownModel": "it has no such model (OPSCTL_SERVER_MODEL)",
        "GenerationFailed": "it fails while it answers",
        "Incomplete": "it breaks answers off",
    },
    news_model="⚠️ The model gives no answers: {cause}. People get quotations. More: opsctl status",
    news_model_back="✅ The model answers again.",
    news_broken="⚠️ The documents cannot be updated: {reason}",
    button_retry="🔁 Retry",
    whole_gone="The document does not hold this any more: it was changed or removed since.",
    button_whole="📖 Show all",
    button_stop="⏹ Stop",
    button_replace="Replace",
    button_keep_both="Keep both",
    description="I answer questions from the documents and name the file and the page.",
    short_description="Answers from the documents, with sources.",
    commands=(
        ("ask", "ask a question"),
        ("new", "new conversation"),
        ("retry", "answer again"),
        ("stop", "stop the answer"),
        ("sources", "sources of the answer"),
        ("forget", "delete my questions and answers"),
        ("mydata", "what is kept about me"),
        ("about", "who runs this bot and who sees my questions"),
        ("help", "what I can do"),
    ),
    editor_commands=(("reindex", "read the documents again"),),
    admin_commands=(("requests", "who asks for access"), ("status", "how things are")),
)
