"""The commands: thin, each parses, calls one thing and prints."""

from __future__ import annotations

import os
import re
import signal
import sys
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from data.errors import SchoolwatchError, SettingsError
from schoolwatch import __version__
from schoolwatch.logs import set_up_logs
from schoolwatch.settings import Settings, load_settings

app = typer.Typer(
    help="Watches public posts about a school and follows a takedown until it is done.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its pictures of local variables could show a password or a post
)
_out, _err = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)
Config = Annotated[Path | None, typer.Option("--config", help="settings file; default: schoolwatch.toml here or in the state folder")]
_AGE = b"age-encryption.org/"  # how every age file begins
WithParent = Annotated[bool, typer.Option("--with-parent", hidden=True, help="end when the standard input is closed")]


def main() -> None:
    """Run a command; a refusal is one plain line and exit code 1, never a traceback."""
    set_up_logs()
    os.umask(0o077)  # database, vault and packs are for their owner only, whatever folder they are put in
    try:
        app()
    except SchoolwatchError as error:
        _err.print(f"schoolwatch: {error}", markup=False)
        sys.exit(1)
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        _err.print(f"schoolwatch: {what}; check that the folder exists and may be written", markup=False)
        sys.exit(1)


def _stop_on_signals(stop: object) -> None:
    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()  # type: ignore[operator]

    for name in ("SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), handle)


@app.command()
def up(config: Config = None) -> None:
    """Start worker and dashboard and keep them running; makes or migrates the database first."""
    from schoolwatch.desk import migrate
    from schoolwatch.first_start import needs_set_up, set_up_code
    from schoolwatch.readiness import missing
    from schoolwatch.settings import child_environment
    from schoolwatch.up import Child, Supervisor, command

    settings = load_settings(config)
    migrate(settings)
    environment = child_environment(config=str(settings.config_path), home=str(settings.state_dir))
    children = [Child(name, command(name, "--with-parent"), environment) for name in ("worker", "dashboard")]
    _out.print(f"Schoolwatch {__version__}: open {settings.address}", markup=False)
    if needs_set_up(settings):
        _out.print(f"First start: the page asks for this set-up code: {set_up_code(settings)}", markup=False)
    for gap in missing(settings):
        _out.print(f"Nothing is collected yet; still missing: {gap}", markup=False)
    supervisor = Supervisor(children)
    _stop_on_signals(supervisor.stop)
    supervisor.run()


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="port of the page; another is taken when it is not free")] = 8750,
    hour_seconds: Annotated[float, typer.Option(help="how many seconds an hour of the demo lasts", min=0.5, max=3600)] = 10.0,
    headless: Annotated[bool, typer.Option("--headless", help="play the whole line without a person")] = False,
    until: Annotated[str, typer.Option(help="with --headless: how far to play ('closed')")] = "closed",
    out: Annotated[Path, typer.Option(help="with --headless: folder for the evidence pack")] = Path(),
    state: Annotated[Path | None, typer.Option(help="keep the demo's records in this folder instead of a temporary one")] = None,
) -> None:
    """Show the whole line on an invented town: a post comes in, is judged, captured, reported and verified as removed."""
    from schoolwatch.demo.run import stage, supervise

    if until != "closed":
        raise typer.BadParameter("the demo plays until 'closed'", param_hint="--until")
    with stage(state=state, port=port, hour_seconds=hour_seconds) as on:
        supervisor = supervise(on)
        if headless:
            _play(on, supervisor, out)
            return
        _stop_on_signals(supervisor.stop)
        _out.print(_welcome(on.settings, state), markup=False)
        supervisor.run(on.tell_town)


def _welcome(settings: Settings, kept: Path | None = None) -> str:
    from schoolwatch.demo.watchlist import DEMO_PASSWORD

    hour = settings.demo.hour_seconds if settings.demo else 3600
    town = settings.demo.town_address if settings.demo else ""
    left = f"its records stay in {kept}" if kept is not None else "nothing is kept"
    return (
        f"Open  {settings.address}   and sign in as  dsl  with the password  {DEMO_PASSWORD}\n"
        f"Others: deputy, head, comms (same password). The invented town: {town}\n"
        f"One hour of the demo lasts {hour:g} seconds. Ctrl-C ends it; {left}."
    )


def _play(on: object, supervisor: object, out: Path) -> None:
    import threading

    from schoolwatch.demo.play import Play
    from schoolwatch.demo.run import Stage
    from schoolwatch.up import Supervisor

    if not isinstance(on, Stage) or not isinstance(supervisor, Supervisor):
        raise TypeError
    thread = threading.Thread(target=supervisor.run, args=(on.tell_town,), name="supervisor")
    thread.start()
    try:
        Play(on, lambda line: _out.print(line, markup=False)).until_closed(out)
    finally:
        supervisor.stop()
        thread.join()


@app.command()
def worker(
    config: Config = None,
    with_parent: WithParent = False,
    executor_id: Annotated[str | None, typer.Option(help="a stable name of this worker; needed where several share one database")] = None,
) -> None:
    """Poll, read, capture and check; `up` starts this."""
    import threading

    from schoolwatch.desk import build_desk
    from schoolwatch.first_start import once_set_up
    from schoolwatch.jobs import Worker
    from schoolwatch.night import sweep_leftovers
    from schoolwatch.round import Hands
    from schoolwatch.up import when_parent_ends

    ended = threading.Event()
    _stop_on_signals(ended.set)
    if with_parent:
        when_parent_ends(ended.set)
    # Beside the page of the first start it waits for what is written there; alone it says what is missing.
    settings = once_set_up(lambda: load_settings(config), ended) if with_parent else load_settings(config)
    if settings is None:
        return
    sweep_leftovers(settings.clock().now())  # what a kill left in the open does not wait for the night
    running = Worker(Hands.of(build_desk(settings)), executor_id=executor_id or settings.executor_id or "worker-1", ended=ended)
    running.launch()
    running.run()
    running.close()
    # Durable waits sleep in threads for up to a day, and a plain exit would wait for them. They lie in the jobs database and go on
    # at the next launch.
    sys.stderr.flush()
    os._exit(0)


@app.command()
def dashboard(config: Config = None, with_parent: WithParent = False) -> None:
    """Serve the pages; `up` starts this."""
    import importlib

    settings = load_settings(config)
    # By name: the dashboard stands a floor above this room, and nothing here may depend on it.
    importlib.import_module("dashboard.server").serve(settings, with_parent=with_parent)


@app.command("round")
def one_round(config: Config = None) -> None:
    """Do one round by hand: poll what is due, read, capture, check; print what was and was not seen."""
    from schoolwatch.desk import build_desk
    from schoolwatch.round import Hands, run_round

    desk = build_desk(load_settings(config))
    report = run_round(Hands.of(desk))
    _out.print(f"polled {len(report.polled)} sources, {report.posts_new} new posts, {report.posts_read} read", markup=False)
    _out.print(f"{report.captures} captures, {report.checks} checks, {report.reminders} reminders", markup=False)
    for order in report.broken_off:
        _out.print(f"BROKEN OFF: the capture of order {order}; it is tried again in the next round", markup=False)
    for name, why in report.not_seen:
        _out.print(f"NOT SEEN: {name}: {why}", markup=False)


@app.command()
def init(config: Config = None) -> None:
    """Ask for what the first start needs and write schoolwatch.toml (the page of `schoolwatch up` asks the same)."""
    from schoolwatch.first_start import FirstStart, check, set_up

    settings = load_settings(config)
    if settings.is_set_up:
        raise SchoolwatchError(f"{settings.config_path} is there already; edit it instead")
    form = FirstStart(
        school_name=typer.prompt("Name of the school"),
        town=typer.prompt("Town", default=""),
        urn=typer.prompt("URN", default=""),
        site_domain=typer.prompt("Domain of its website", default=""),
        postal_address=typer.prompt("Postal address (stands on requests)", default=""),
        watch_terms=typer.prompt("Names and hashtags that stand for the school, separated by ;").replace(";", "\n"),
        contact=typer.prompt("Contact mail address (is sent to every site that is read)"),
        privacy_notice_url=typer.prompt("Web address of the privacy notice (empty: later; nothing is collected before)", default=""),
        dpia_signed_on=typer.prompt("Day the DPIA was signed, as 2026-09-01 (empty: later)", default=""),
        dpia_signed_by=typer.prompt("Who signed the DPIA (empty: later)", default=""),
        your_name=typer.prompt("Your name"),
        role=typer.prompt("Your role: dsl or headteacher", default="dsl"),
        username=typer.prompt("User name to sign in with"),
        password=typer.prompt("Password (12 characters or more)", hide_input=True, confirmation_prompt=True),
    )
    wrong = check(settings, form, code_needed=False)
    for field, mend in wrong.items():
        _err.print(f"{field}: {mend}", markup=False)
    if wrong:
        raise typer.Exit(1)
    written = set_up(settings, form, code_needed=False)
    _out.print(f"Written: {written.config_path}. Start with `schoolwatch up`.", markup=False)


@app.command()
def migrate(config: Config = None) -> None:
    """Bring the database to this program's version."""
    from schoolwatch.desk import migrate as bring

    settings = load_settings(config)
    bring(settings)
    _out.print("the database is up to date", markup=False)


def _witness_code(text: str) -> str:
    """Return a code as it was sealed: copied out of a document it carries blanks and breaks that nobody sees."""
    code = re.sub(r"[\s\u200b-\u200d\u2060\ufeff\u00ad]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", code):
        raise typer.BadParameter("a witness code is 64 of the signs 0-9 and a-f; copy the whole of it", param_hint="--witness")
    return code


@app.command()
def verify(
    pack: Annotated[Path, typer.Argument(help="the ZIP as you received it, or the folder into which it was unpacked")],
    authority: Annotated[list[Path] | None, typer.Option(help="certificate (PEM) of a time-stamping authority that you trust")] = None,
    key: Annotated[list[str] | None, typer.Option(help="fingerprint of the school's key, as the school told you")] = None,
    witness: Annotated[list[str] | None, typer.Option(help="a witness code that was noted elsewhere; it must be in the pack")] = None,
    register: Annotated[Path | None, typer.Option(help="the school's register, as `schoolwatch register` writes it")] = None,
    in_json: Annotated[bool, typer.Option("--json", help="print the verdict as JSON")] = False,
) -> None:
    """Check an evidence pack; needs no database and no network. Exit 0 GREEN, 3 AMBER, 1 RED, 2 UNREADABLE."""
    from data.errors import EvidenceError
    from evidence.bundle_check import Trust
    from evidence.timestamp import read_roots
    from evidence.verify import Colour, Knowledge, as_json, in_words, shown
    from evidence.verify import verify as look

    try:
        roots = tuple(one for path in authority or () for one in read_roots(path.read_bytes()))
    except (OSError, EvidenceError) as error:  # not exit code 1: that says that the pack was changed
        raise typer.BadParameter(str(error), param_hint="--authority") from error
    trust = Trust(roots=roots, keys=frozenset(one.strip().lower() for one in key or ()))
    result = look(pack, Knowledge(trust=trust, witnesses=tuple(_witness_code(code) for code in witness or ()), register=register))
    if result.colour is Colour.UNREADABLE:
        result = replace(result, reasons=tuple(f"{shown(str(pack))}: {reason}" for reason in result.reasons))
    if in_json:
        _out.print_json(as_json(result))
    else:
        _out.print(in_words(result), markup=False)
    raise typer.Exit(result.exit_code)


@app.command()
def export(
    case: str,
    username: Annotated[str, typer.Option("--as", help="user name of who exports; it goes into the record")],
    config: Config = None,
    out: Path = Path(),
    redacted: Annotated[bool, typer.Option("--redacted", help="working copies only: nothing of the originals")] = False,
) -> None:
    """Write the evidence pack of a case (by its number, SW-2026-0001)."""
    from evidence.report import Variant
    from schoolwatch.desk import build_desk

    desk = build_desk(load_settings(config))
    with desk.store.read() as work:
        found = work.users.where(username=username.lower())
        record = work.cases.by_ref(case)
    if not found or record is None:
        raise SchoolwatchError(f"there is no {'case ' + case if found else 'user ' + username}")
    name, content = desk.safe.pack(found[0], record.id, Variant.REDACTED if redacted else Variant.FULL)
    (out / name).write_bytes(content)
    _out.print(str(out / name), markup=False)


@app.command()
def doctor(
    config: Config = None,
    tsa: Annotated[bool, typer.Option("--tsa", help="also ask the time-stamping authority for one trial stamp, over the network")] = False,
) -> None:
    """Say what works on this machine, what is missing and what to install."""
    from schoolwatch.doctor import Finding, examine, worst
    from schoolwatch.proof_signs import try_authority

    signs = {"ok": "ok  ", "note": "note", "bad": "BAD "}
    settings = load_settings(config)
    findings = [*examine(settings), *([Finding(*try_authority(settings))] if tsa else [])]
    for finding in findings:
        _out.print(f"{signs[finding.tone]}  {finding.what}: {finding.says}", markup=False)
    raise typer.Exit(worst(findings))


@app.command()
def backup(
    config: Config = None,
    out: Annotated[Path | None, typer.Option(help="the file to write; default: a new one in backup_dir")] = None,
    passphrase: Annotated[bool, typer.Option("--passphrase", help="ask for a passphrase instead of using the key")] = False,
) -> None:
    """Write everything (records, evidence, keys, settings) into one encrypted file."""
    from schoolwatch.backup import lock_of, make
    from schoolwatch.desk import build_desk

    settings = load_settings(config)
    words = typer.prompt("Passphrase (12 signs or more)", hide_input=True, confirmation_prompt=True) if passphrase else None
    desk = build_desk(settings)
    made = make(desk, lock_of(settings, words), out)
    _out.print(f"sealing key: {desk.sealer.key.id} (note it outside this computer: restoring asks for it)", markup=False)
    _out.print(f"{made.path}: {made.run.files} files, {made.run.size} bytes", markup=False)
    if made.withheld:
        _out.print(f"left out on purpose: {made.withheld} files of stopped cases", markup=False)
    if made.lost:
        _err.print(f"schoolwatch: {made.run.problem}", markup=False)
        raise typer.Exit(1)


@app.command("backup-key")
def backup_key(config: Config = None) -> None:
    """Make a pair of keys for the backups and print it, once; and the fingerprint by which a backup is known to be this school's."""
    from schoolwatch.age_tar import new_pair

    public, secret = new_pair()
    for line in (
        "Put this line into schoolwatch.toml. Everybody may read it: it only locks.",
        f'backup_recipient = "{public}"',
        "",
        *_fingerprint(config),
        "Write this down on paper, or print it, and keep it outside this computer, in a safe or with the head. It opens every backup.",
        "It is shown once and stored nowhere. Without it no backup can ever be opened; whoever has it can read everything.",
        secret,
    ):
        _out.print(line, markup=False)


def _fingerprint(config: Path | None) -> tuple[str, ...]:
    """Return the lines about the key that seals; none where it is not made yet: it is there once something was sealed or backed up."""
    from schoolwatch.restore import sealing_key

    try:
        key = sealing_key(load_settings(config).state_dir)
    except SettingsError:  # this very command mends what is missing in them
        key = None
    if key is None:
        return ("Write down as well the fingerprint that `schoolwatch backup` will print: restoring asks for it.", "")
    return ("Write this down as well. It is no secret; restoring asks for it, to know that a backup is yours (--key):", key.id, "")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="a backup, *.tar.age")],
    *,
    check: Annotated[bool, typer.Option("--check", help="only try whether it can be restored; nothing is changed")] = False,
    to: Annotated[Path | None, typer.Option(help="lay it out in this new or empty folder")] = None,
    identity: Annotated[Path | None, typer.Option(help="file with the secret key; without it you are asked for the key")] = None,
    passphrase: Annotated[bool, typer.Option("--passphrase", help="the backup was made with a passphrase")] = False,
    key: Annotated[str | None, typer.Option(help="fingerprint of the sealing key, as `backup` or `doctor` printed it")] = None,
    unknown_key: Annotated[bool, typer.Option("--unknown-key", help="with --to: although nobody vouches for the backup")] = False,
    config: Config = None,
) -> None:
    """Try whether a backup can be restored (--check), or restore it into a new folder (--to)."""
    from schoolwatch import restore as back
    from schoolwatch.age_tar import Opener, secret_key_of

    if check == (to is not None):
        raise typer.BadParameter("say either --check or --to FOLDER")
    _must_be_a_backup(file)  # before anybody types a key

    def ask() -> str:
        return str(typer.prompt("Passphrase", hide_input=True))

    if passphrase:
        opener = Opener(passphrase=ask())
    elif identity is not None:
        opener = Opener(secret_key_of(identity.read_bytes(), ask))
    else:
        opener = Opener(str(typer.prompt("Secret key (AGE-SECRET-KEY-1…)", hide_input=True)))
    settings = load_settings(config)
    clock = settings.clock()
    if to is None:
        found = back.drill(file, opener, settings, clock, key=key)
    else:
        found = back.restore(file, opener, to, settings, key=key, unknown_key=unknown_key)
    for line in found.lines():
        _out.print(line, markup=False)
    if to is None:
        _out.print(
            "noted for the doctor" if back.note(settings, found, clock) else "not noted: this backup is of another place", markup=False
        )
    else:
        _out.print(f"restored. Start with: schoolwatch up --config {to / 'schoolwatch.toml'}", markup=False)
    raise typer.Exit(0 if found.is_sound else 1)


def _must_be_a_backup(file: Path) -> None:
    """Raise SchoolwatchError when there is no such file, or when it does not begin as one does."""
    if not file.is_file():
        raise SchoolwatchError(f"{file}: there is no such file; give the backup, *.tar.age")
    with file.open("rb") as opened:
        begins = opened.read(len(_AGE))
    if begins != _AGE:
        raise SchoolwatchError(f"{file}: this is no backup of Schoolwatch: it does not begin as an age file does")


@app.command("vault-check")
def vault_check(config: Config = None) -> None:
    """Read through all sealed files now and name what is missing or changed."""
    from schoolwatch.desk import build_desk
    from schoolwatch.vault_watch import look_now

    found = look_now(build_desk(load_settings(config)))
    for fault in found.faults:
        _out.print(f"FAULT: {fault.belongs_to}: {fault.problem}", markup=False)
    _out.print(f"{found.checked} files looked at, {len(found.faults)} faults", markup=False)
    raise typer.Exit(1 if found.faults else 0)


@app.command()
def register(
    file: Annotated[Path, typer.Argument(help="the file to write or to check")],
    check: Annotated[bool, typer.Option("--check", help="check a register; needs no database and no network")] = False,
    head: Annotated[list[str] | None, typer.Option(help="with --check: a code that somebody else keeps; may be given again")] = None,
    authority: Annotated[list[Path] | None, typer.Option(help="with --check: PEM file of an authority's root certificate")] = None,
    config: Config = None,
) -> None:
    """Write the evidence register for a stranger, with its daily codes beside it; or check one. Exit 0 whole, 1 changed, 2 unreadable."""
    from evidence import register as written

    beside = file.with_name(f"{file.stem}{written.HEADS}{file.suffix}")
    if check:
        raise typer.Exit(_register_checked(file, beside, head or [], authority or []))
    from evidence.vault import write_file
    from schoolwatch.desk import build_desk
    from schoolwatch.proving import register_files

    lines, heads, count, last = register_files(build_desk(load_settings(config)))
    write_file(file, lines)
    write_file(beside, heads)
    _out.print(f"{count} lines in {file}, daily codes in {beside}", markup=False)
    _out.print(f"code of the last line: {last or 'none, as nothing was sealed yet'}", markup=False)


def _register_checked(file: Path, beside: Path, codes: list[str], authorities: list[Path]) -> int:
    from evidence import register as written
    from evidence.timestamp import all_roots

    try:
        content = file.read_bytes()
    except OSError as error:
        _out.print(f"UNREADABLE\n  {file}: {error.strerror}", markup=False)
        return 2
    heads = beside.read_bytes() if beside.is_file() else b""
    found = written.fresh(content, heads=heads, codes=codes)
    found = found or written.check(content, heads=heads, codes=codes, roots=all_roots(path.read_bytes() for path in authorities))
    if not found.is_readable:
        _out.print(f"UNREADABLE\n  {file}: this is no register; give the file that `schoolwatch register` wrote", markup=False)
        return 2
    _out.print("WHOLE" if found.is_whole else "CHANGED", markup=False)
    for line in (*found.faults, *found.notes, *found.held):
        _out.print(f"  {line}", markup=False)
    _out.print(f"  {found.lines} lines; code of the last: {found.head or 'none'}", markup=False)
    return 0 if found.is_whole else 1


@app.command("rdap-list")
def rdap_list(
    file: Annotated[Path | None, typer.Argument(help="dns.json, ipv4.json, ipv6.json or asn.json of IANA")] = None, config: Config = None
) -> None:
    """Load a fresh list of the registries that say who hosts a site; without a file, say how old the lists in use are."""
    from collector.bootstrap import install, load
    from schoolwatch.lookup import LISTS

    folder = load_settings(config).state_dir / LISTS
    if file is not None:
        _out.print(f"loaded as {install(file, folder).value}.json", markup=False)
    for kind, published in load(folder).published.items():
        _out.print(f"{kind.value}.json: published {published}", markup=False)


@app.command("reset-password")
def reset_password(username: str, config: Config = None) -> None:
    """Give someone a new one-time password when nobody who manages users can sign in; it goes into the audit log."""
    from schoolwatch.desk import build_desk
    from schoolwatch.people import one_time_password

    desk = build_desk(load_settings(config))
    password = one_time_password()
    with desk.store.begin("system") as work:
        found = work.users.where(username=username.lower())
        if not found:
            raise SchoolwatchError(f"there is no user {username}")
        desk.sign_in.set_password(work, found[0], password)
        work.users.replace(found[0].model_copy(update={"must_change_password": True, "disabled": False}))
        work.commit()
    _out.print(f"one-time password of {username}: {password}", markup=False)


@app.command()
def version() -> None:
    """Print the version."""
    _out.print(__version__, markup=False)
