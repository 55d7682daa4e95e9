"""OpenVINO without its telemetry: import it from here, and before nncf."""

# pyright: reportMissingTypeStubs=false
import sys
from typing import Any, cast

# OpenVINO and nncf report their use through this package and do without it where it is not there. A name that is None
# in sys.modules counts as not there: the package is never loaded, so no setting of it can be got wrong.
cast(dict[str, Any], sys.modules)["openvino_telemetry"] = None

import openvino  # noqa: E402

__all__ = ["openvino"]
