"""The modules of this folder are found by name, as benchmarks/fuzz.py finds them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
