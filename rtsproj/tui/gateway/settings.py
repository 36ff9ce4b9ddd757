"""project.toml: every key as it is, and edits of it."""

from rtsproj.settings.catalogue import Setting
from rtsproj.settings.file import SettingChange
from rtsproj.workflow.project import Project
from rtsproj.workflow.settings import list_settings, set_setting


class ProjectToml:
    """Settings of the project."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def list(self) -> tuple[Setting, ...]:
        """All settings as the file holds them now."""
        return list_settings(self._project.folder)

    def change(self, key: str, text: str) -> SettingChange:
        """Write one value, given as TOML."""
        return set_setting(self._project.folder, key, text)
