"""All settings, built once from a mapping of `SABAQ_…` names. No module but an entry point reads the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from urllib.parse import urlsplit

from streamsvc.errors import BadSetting
from transcoder.errors import PolicyInvalid
from transcoder.policy import DEFAULT_POLICY, Policy
from transcoder.policy_file import read_policy
from transcoder.settings import TranscoderSettings

GIB = 1024**3
DAY_S = 24 * 3600
SHORTEST_LEASE_S = 0.1
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSettings:
    """Limits of resumable uploads."""

    spool: Path
    """Bytes that do not fill a part yet, fsynced."""
    max_bytes: int = 20 * GIB
    person_quota_bytes: int = 100 * GIB
    school_quota_bytes: int = 1000 * GIB
    lifetime_s: float = 7 * DAY_S
    lease_s: float = 30.0
    """How long another node waits before it may take over an upload from a silent one."""
    reserve_bytes: int = 1 * GIB
    """Free disk that uploads leave alone; below it creations and bytes are refused with 507."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What differs between a laptop and a country."""

    var: Path
    database_url: str
    storage_url: str
    """`s3://KEY:SECRET@HOST:PORT/BUCKET?…` or `file:///DIRECTORY`; see `cdn.stores`."""
    broker_url: str
    """`filesystem:///DIRECTORY`, `amqp://…` or `redis://…`."""
    public_url: str
    """Where people reach the service, without a trailing slash."""
    host: str = "127.0.0.1"
    port: int = 8080
    secrets: Path
    """Directory of key files (0600), made at first start unless given."""
    token_lifetime_s: float = 7 * DAY_S
    demo: bool = False
    """Allows the demo's sign-in link; refused when `host` is not loopback."""
    trusted_proxies: int = 0
    """How many proxies of ours stand in front and append to X-Forwarded-For."""
    worker_concurrency: int = 2
    uploads: UploadSettings
    transcoder: TranscoderSettings
    ladder: Path | None = None
    """The file that `transcoder.policy` was read from; None where the policy that ships holds."""
    media_memory_bytes: int = 128 * 1024**2
    """Memory for the objects that players asked for last; 0 keeps none."""
    collect_after_s: float = DAY_S
    """Age of an unreferenced object before it is collected."""
    audit_years: int = 0
    """How long `sabaq audit cut` leaves entries of the audit log alone; 0: for ever."""


@dataclass(slots=True)
class _Reader:
    """Takes values out of a mapping and says which name was wrong."""

    values: Mapping[str, str]
    prefix: str = "SABAQ_"
    seen: set[str] = field(default_factory=set)

    def text(self, name: str, default: str) -> str:
        self.seen.add(self.prefix + name)
        return self.values.get(self.prefix + name) or default

    def path(self, name: str, default: Path) -> Path:
        return Path(self.text(name, str(default))).expanduser().absolute()

    def number(self, name: str, default: float, *, least: float = 0) -> float:
        text = self.text(name, str(default))
        try:
            value = float(text)
        except ValueError as exc:
            raise BadSetting(f"{name}: {text!r} is no number", name=self.prefix + name, reason="not a number") from exc
        if not (isfinite(value) and value >= least):
            raise BadSetting(f"{name}: {text} is below {least}", name=self.prefix + name, reason=f"at least {least:g}")
        return value

    def whole(self, name: str, default: int) -> int:
        return int(self.number(name, default))

    def flag(self, name: str) -> bool:
        return self.text(name, "0").lower() in {"1", "true", "yes", "on"}

    def reject_unknown(self) -> None:
        for name in self.values:
            if name.startswith(self.prefix) and name not in self.seen:
                raise BadSetting(f"{name} is no setting of Sabaq", name=name, reason="unknown name")


def settings_from(values: Mapping[str, str], *, cores: int = 2) -> Settings:
    """
    Build the settings; what is not named takes the embedded default below `SABAQ_VAR` (`./var`).

    Raises BadSetting for a value that cannot be understood and for an unknown `SABAQ_…` name (a typing error).
    """
    read = _Reader(values)
    var = read.path("VAR", Path("var"))
    ladder = read.path("LADDER", Path()) if read.text("LADDER", "") else None
    host, port = read.text("HOST", "127.0.0.1"), read.whole("PORT", 8080)
    settings = Settings(
        var=var,
        database_url=read.text("DATABASE_URL", f"sqlite:///{var}/sabaq.db"),
        storage_url=read.text("STORAGE_URL", f"file://{var}/store"),
        broker_url=read.text("BROKER_URL", f"filesystem://{var}/broker"),
        public_url=read.text("PUBLIC_URL", f"http://{f'[{host}]' if ':' in host else host}:{port}").rstrip("/"),
        host=host,
        port=port,
        secrets=read.path("SECRETS", var / "secrets"),
        token_lifetime_s=read.number("TOKEN_LIFETIME_S", 7 * DAY_S),
        demo=read.flag("DEMO"),
        trusted_proxies=read.whole("TRUSTED_PROXIES", 0),
        worker_concurrency=read.whole("WORKER_CONCURRENCY", max(2, cores)),
        uploads=_upload_settings(read, var),
        transcoder=_transcoder_settings(read, var, _policy(ladder)),
        ladder=ladder,
        media_memory_bytes=read.whole("MEDIA_MEMORY_BYTES", 128 * 1024**2),
        collect_after_s=read.number("COLLECT_AFTER_S", DAY_S),
        audit_years=read.whole("AUDIT_YEARS", 0),
    )
    read.reject_unknown()
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    """Refuse what would be dangerous or could not work. Raises BadSetting."""
    if settings.demo and settings.host not in LOOPBACK:
        raise BadSetting("the demo signs people in by a link", name="SABAQ_HOST", reason="the demo needs 127.0.0.1")
    if not 0 <= settings.port < 65536:
        raise BadSetting(f"{settings.port} is no port", name="SABAQ_PORT", reason="0 to 65535")
    parts = urlsplit(settings.public_url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path or parts.query:
        raise BadSetting(f"{settings.public_url!r} is no address", name="SABAQ_PUBLIC_URL", reason="write https://host")


def _upload_settings(read: _Reader, var: Path) -> UploadSettings:
    return UploadSettings(
        spool=read.path("UPLOAD_SPOOL", var / "spool"),
        max_bytes=read.whole("UPLOAD_MAX_BYTES", 20 * GIB),
        person_quota_bytes=read.whole("PERSON_QUOTA_BYTES", 100 * GIB),
        school_quota_bytes=read.whole("SCHOOL_QUOTA_BYTES", 1000 * GIB),
        lifetime_s=read.number("UPLOAD_LIFETIME_S", 7 * DAY_S),
        lease_s=read.number("UPLOAD_LEASE_S", 30, least=SHORTEST_LEASE_S),
        reserve_bytes=read.whole("UPLOAD_RESERVE_BYTES", GIB),
    )


def _transcoder_settings(read: _Reader, var: Path, policy: Policy) -> TranscoderSettings:
    return TranscoderSettings(
        workspace=read.path("WORKSPACE", var / "work"),
        max_duration_s=read.number("MAX_DURATION_S", 12 * 3600),
        max_source_bytes=read.whole("MAX_SOURCE_BYTES", 64 * GIB),
        lease_s=read.number("LEASE_S", 60, least=SHORTEST_LEASE_S),
        max_attempts=read.whole("MAX_ATTEMPTS", 3),
        threads=read.whole("ENCODER_THREADS", 1),
        task_limit_s=read.number("TASK_LIMIT_S", 1800),
        policy=policy,
        measured_segments=read.whole("MEASURED_SEGMENTS", 4),
        reserve_bytes=read.whole("WORK_RESERVE_BYTES", GIB // 2),
    )


def _policy(path: Path | None) -> Policy:
    """The policy of this file; the one that ships where none is named."""
    if path is None:
        return DEFAULT_POLICY
    try:
        return read_policy(path.read_text("utf-8"))
    except OSError as exc:
        reason = f"{path}: {exc.strerror or exc}"
        raise BadSetting(f"the ladder's file {reason}", name="SABAQ_LADDER", reason=reason) from exc
    except UnicodeDecodeError as exc:
        reason = f"{path}: no UTF-8"
        raise BadSetting(f"the ladder's file {reason}", name="SABAQ_LADDER", reason=reason) from exc
    except PolicyInvalid as exc:
        reason = f"{path}: {exc}; sabaq ladder check {path}"
        raise BadSetting(f"the ladder's file {reason}", name="SABAQ_LADDER", reason=reason) from exc
