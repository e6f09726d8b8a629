"""The whole configuration: one table of the file a field."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, PrivateAttr, field_validator

from rpconsole.config.console import ConsoleSection
from rpconsole.config.fields import Section, refused
from rpconsole.config.home import DatabaseSection, JournalSection, PathsSection
from rpconsole.config.login import LoginSection
from rpconsole.config.scratch import ScratchSection
from rpconsole.config.secrets import holds_password
from rpconsole.config.site import SiteSection
from rpconsole.config.storage import StorageSection
from rpconsole.config.transfer import TransferSection
from rpconsole.config.work import BookkeepingSection, EngineSection, LabelSection, RetrySection, SurveySection
from rpconsole.stages.base import SiteLayout


class Config(Section):
    """The whole configuration file."""

    database: DatabaseSection = Field(description="gpc1.")
    journal: JournalSection = Field(default=JournalSection(), description="Our own tables.")
    paths: PathsSection = Field(default_factory=lambda: PathsSection(), description="Our own files.")
    storage: StorageSection = Field(description="The storage at home.")
    site: SiteSection = Field(description="The supercomputer.")
    login: LoginSection = Field(description="How it is reached.")
    scratch: ScratchSection = Field(default=ScratchSection(), description="Room and purge at the site.")
    transfer: TransferSection = Field(default=TransferSection(), description="Files on their way.")
    engine: EngineSection = Field(default=EngineSection(), description="Rhythm and limits.")
    retry: RetrySection = Field(default=RetrySection(), description="Trying again.")
    labels: tuple[LabelSection, ...] = Field(default=(), description="Labels that are processed by themselves.")
    survey: SurveySection = Field(default=SurveySection(), description="Names and recipes of the survey's programs.")
    bookkeeping: BookkeepingSection = Field(
        default=BookkeepingSection(), description="The IPP's own tasks, done by us."
    )
    console: ConsoleSection = Field(default=ConsoleSection(), description="How the console calls a person.")

    _source: Path = PrivateAttr(default=Path())
    _warnings: tuple[str, ...] = PrivateAttr(default=())

    @field_validator("labels")
    @classmethod
    def _labels_differ(cls, labels: tuple[LabelSection, ...]) -> tuple[LabelSection, ...]:
        names = [label.label for label in labels]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise refused(f"has '{twice[0]}' twice; give all its stages in one entry")
        return labels

    @property
    def source(self) -> Path:
        """The file it was read from."""
        return self._source

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is not wrong and should not stay so."""
        return self._warnings

    def journal_address(self) -> str:
        """The journal's URL as it is opened; it may hold a password."""
        if self.journal.url is not None:
            return self.journal.url.get_secret_value()
        return f"sqlite:///{self.paths.state_dir / 'journal.db'}"

    def control_path(self) -> str:
        """Where OpenSSH's masters have their sockets, with ssh's tokens; empty where the engine speaks ssh itself."""
        if self.login.transport == "asyncssh":
            return ""
        return str(self.login.control_path or "") or f"{self.paths.state_dir}/ssh/%C"

    def layout(self) -> SiteLayout:
        """Where things lie at the site, and what its programs are told."""
        return SiteLayout(
            remote_root=self.site.remote_root,
            hostname=self.site.hostname,
            dbname=self.database.name,
            references=self.site.references_dir,
            tessellations=self.site.tess_dir,
            transfer_warp_images=self.site.transfer_warp_images,
            threads=self.site.program_threads(),
            **dict(self.survey),
        )

    def has_password(self) -> bool:
        """Whether the file itself holds one."""
        urls = (self.database.url, *self.database.others.values(), self.journal.url)
        if self.storage.nebulous is not None and self.storage.nebulous.has_password():
            return True
        return any(url is not None and holds_password(url.get_secret_value()) for url in urls)
