from potstill.api.bundles import Opening as Opening
from potstill.api.bundles import open_bundle as open_bundle
from potstill.api.bundles import predict as predict
from potstill.api.encoders import fetch as fetch
from potstill.api.models import BundleTexts as BundleTexts
from potstill.api.models import export as export
from potstill.api.plan import plan as plan
from potstill.api.results import pack as pack
from potstill.api.results import report as report
from potstill.api.results import upgrade as upgrade
from potstill.api.saved_models import open_model as open_model
from potstill.api.scoring import FileFormats as FileFormats
from potstill.api.scoring import score as score
from potstill.api.serving import Access as Access
from potstill.api.serving import serve as serve
from potstill.api.study import TuningResult as TuningResult
from potstill.api.study import layers as layers
from potstill.api.study import run as run
from potstill.api.study import tune as tune
from potstill.data.source import Source as Source
from potstill.domain.errors import PotstillError as PotstillError
from potstill.domain.read_as import ReadAs as ReadAs
from potstill.export.checks import Tolerance as Tolerance
from potstill.scoring.score import ScoreResult as ScoreResult

__version__: str
