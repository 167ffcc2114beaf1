"""Where a training runs: its devices, and the processes that drive them."""

import os
from collections.abc import Iterable
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy, Strategy

from speechgan.systems.base import System
from speechgan.training.memory import keep_freed_memory
from speechgan.training.processes import check_count
from speechgan.utils.errors import SpeechganError


def compile_networks(system: System, names: Iterable[str]) -> None:
    """Has PyTorch compile networks of a system.

    Raises:
        SpeechganError: the system has no network of that name.
    """
    for name in names:
        try:
            network = system.network_of(name)
        except AttributeError:
            raise SpeechganError(
                f"trainer.compiled: this system has no {name}; known: {', '.join(system.turns)}"
            ) from None
        network.compile(dynamic=False)


# Half precision in which small gradients are lost, unless losses are scaled for it.
UNSCALED = ("16", "16-mixed", "16-true")


def launch(
    accelerator: str,
    devices: int,
    num_nodes: int,
    strategy: str,
    precision: Any,
    seed: int,
) -> Fabric:
    """One process a device, each with random numbers of its own.

    Under torchrun or srun all of them run already; otherwise this one starts those of its node.

    Args:
        accelerator, devices, num_nodes, strategy, precision: as in Lightning Fabric; devices of one
            node. More than one process are `ddp` unless something else is asked for.
        seed: of the first process; each after it has the next number.

    Raises:
        SpeechganError: fewer or more processes than were started, settings that Fabric refuses or
            that lose gradients, or processes that do not find each other.
    """
    if str(precision) in UNSCALED:
        raise SpeechganError(
            f"trainer.precision={precision}: loses small gradients; take bf16-mixed, or 32-true"
        )
    check_count(devices, num_nodes)
    kind: str | Strategy = strategy
    if strategy == "ddp" or (strategy == "auto" and devices * num_nodes > 1):
        # A turn uses some players' weights only, which plain DDP takes for an error.
        kind = DDPStrategy(find_unused_parameters=True)
    # As torchrun does: those that share a machine share its cores.
    os.environ["LOCAL_WORLD_SIZE"] = str(devices)
    try:
        fabric = Fabric(
            accelerator=accelerator,
            devices=devices,
            num_nodes=num_nodes,
            strategy=kind,
            precision=precision,
        )
        fabric.launch()
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise SpeechganError(
            f"trainer.accelerator={accelerator}, devices={devices}, num_nodes={num_nodes}, "
            f"strategy={strategy}, precision={precision}: {reason}"
        ) from None
    if fabric.device.type == "cpu":
        keep_freed_memory()
    torch.manual_seed(seed + fabric.global_rank)
    return fabric
