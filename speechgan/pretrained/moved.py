"""Where the classes that models of earlier versions name lie today."""

_GENERATORS = ("band_crn", "cyclegan_vc", "segan", "shallow", "shared_latent", "stargan_vc", "unet")
_MODULES = {f"models.{name}": f"models.generators.{name}" for name in _GENERATORS}
_MODULES["models.vocos"] = "models.vocoders.vocos"


def find_moved(target: str) -> str:
    """The name of a class today; a name of today is returned as it is."""
    module, _, name = target.rpartition(".")
    today = _MODULES.get(module.removeprefix("speechgan."))
    return f"speechgan.{today}.{name}" if today else target
