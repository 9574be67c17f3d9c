"""Around an `apply`: where it wants what was reviewed, the merge request is told what became of it."""

import contextlib
from collections.abc import Callable, Iterator

from tfops.change.environment import find_place
from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.targets import as_required
from tfops.change.ui import Ui
from tfops.errors import Interrupted, TfopsError
from tfops.views.change import ChangeResult


@contextlib.contextmanager
def telling(project: Project, request: Request, ui: Ui) -> Iterator[Callable[[ChangeResult], ChangeResult]]:
    """What is yielded takes the result, and gives it back. What is raised inside is told, and goes on."""
    place = find_place(project, request.env)
    if not as_required(place, request).reviewed:
        yield lambda result: result
        return
    from tfops.commands.note_outcome import tell_applied, tell_failed  # noqa: PLC0415 - most applies tell nobody

    def tell(result: ChangeResult) -> ChangeResult:
        tell_applied(project, result, ui)
        return result

    try:
        yield tell
    except Interrupted:
        raise
    except TfopsError as error:
        tell_failed(project, place.env, error, ui)
        raise
