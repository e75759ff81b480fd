"""The words of the report form, the same with and without an account."""

from __future__ import annotations

from data.model.findings import ReportTick, Wish

DANGER: tuple[str, ...] = (
    "Ring 999 if someone may be hurt now. Do not wait for this form.",
    "Then tell your safeguarding lead in person or by telephone.",
)
TICKS: dict[str, str] = {
    ReportTick.DANGER_NOW.value: "Someone may be in danger now",
    ReportTick.INDECENT_IMAGE.value: "It may show a nude, semi-nude or sexual picture of someone who may be under 18",
    ReportTick.PUPIL_CONTACT.value: "A pupil tried to contact a member of staff privately",
    ReportTick.SENT_TO_WORK_ACCOUNT.value: "It was sent to my work account",
    ReportTick.IMAGE_WITHOUT_PERMISSION.value: "It uses a picture without permission",
    ReportTick.INACCURATE.value: "It is not true",
    ReportTick.INAPPROPRIATE.value: "It is inappropriate",
    ReportTick.INFLAMMATORY.value: "It stirs people up",
}
WISHES: dict[str, str] = {
    Wish.REMOVE.value: "It should be taken down",
    Wish.AMEND.value: "It should be changed",
    Wish.RECORD_ONLY.value: "Only keep a record",
}
STOP_TITLE = "A nude, semi-nude or sexual picture of a child: it is a crime to make a copy, even to help."
STOP_NOT: tuple[str, ...] = (
    "Do not open it, look for it or show it to anyone.",
    "Do not copy, save, print, send or photograph it. This form takes no files.",
    "Do not delete anything, and do not ask a pupil to send or delete it.",
)
STOP_DO: tuple[str, ...] = (
    "Tell the safeguarding lead now, in person or by telephone. Ring 999 if a child is in danger.",
    "Say in this form where it is and how you came to know. Leave the picture out.",
    "A young person can have such a picture of themselves taken down: Report Remove, by Childline and the IWF.",
)
SENT: tuple[str, ...] = (
    "The safeguarding lead sees it at the top of the list and decides what to do.",
    "Please do not answer the post and do not share it.",
    "Keep the receipt number: with it you can ask how it stands.",
)
