"""The tools, by what `use:` calls them. Which keys each takes in tfops.yaml: `TOOLS` in `config/checks.py`."""

from tfops.checks.base import Tool
from tfops.checks.checkov import CHECKOV
from tfops.checks.conftest import CONFTEST
from tfops.checks.infracost import INFRACOST
from tfops.checks.opa import OPA
from tfops.checks.rego import REGO
from tfops.checks.tflint import TFLINT
from tfops.checks.trivy import TRIVY

KNOWN: dict[str, Tool] = {
    "checkov": CHECKOV,
    "conftest": CONFTEST,
    "infracost": INFRACOST,
    "opa": OPA,
    "rego": REGO,
    "tflint": TFLINT,
    "trivy": TRIVY,
}
