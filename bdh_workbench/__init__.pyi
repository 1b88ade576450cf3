from bdh_workbench.api import (
    Answer as Answer,
)
from bdh_workbench.api import (
    Fact as Fact,
)
from bdh_workbench.api import (
    Memory as Memory,
)
from bdh_workbench.api import (
    Model as Model,
)
from bdh_workbench.api import (
    ReadSettings as ReadSettings,
)
from bdh_workbench.api import (
    Recital as Recital,
)
from bdh_workbench.api import (
    SamplingSettings as SamplingSettings,
)
from bdh_workbench.api import (
    Scored as Scored,
)
from bdh_workbench.api import (
    TextDocument as TextDocument,
)
from bdh_workbench.api import (
    TextInspection as TextInspection,
)
from bdh_workbench.api import (
    UserError as UserError,
)
from bdh_workbench.api import (
    WriteEvent as WriteEvent,
)
from bdh_workbench.api import (
    WriteSettings as WriteSettings,
)
from bdh_workbench.api import (
    ask as ask,
)
from bdh_workbench.api import (
    inspect as inspect,
)
from bdh_workbench.api import (
    load as load,
)
from bdh_workbench.api import (
    open as open,
)
from bdh_workbench.api import (
    recite as recite,
)
from bdh_workbench.api import (
    score as score,
)
from bdh_workbench.api import (
    write as write,
)
from bdh_workbench.api import (
    write_steps as write_steps,
)

__version__: str
