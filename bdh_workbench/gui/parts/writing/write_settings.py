"""The settings of the write as a form, kept for the next start."""

from __future__ import annotations

import contextlib

from bdh_workbench.errors import UserError
from bdh_workbench.gui.parts.settings_form import SettingsForm
from bdh_workbench.gui.shared.preferences import Preferences
from bdh_workbench.memory.settings import WriteSettings


class WriteSettingsForm(SettingsForm[WriteSettings]):
    """One control for each field of ``WriteSettings``."""

    def __init__(self, preferences: Preferences) -> None:
        """Show what was chosen last."""
        super().__init__(WriteSettings)
        self._preferences = preferences
        self.set_settings(preferences.values.write)
        self.changed.connect(self._keep)

    def _keep(self) -> None:
        """Remember how a person writes, once it makes sense."""
        with contextlib.suppress(UserError):
            self._preferences.change(write=self.settings())
