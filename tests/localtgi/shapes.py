"""Shapes of GPTQ models: width, heads of keys, size of a group, act order."""

SHAPES = {
    "groups-of-32": (64, 2, 32, True),
    "groups-of-64": (128, 2, 64, True),
    "groups-of-128": (128, 2, 128, True),
    "in-order": (128, 2, 32, False),
    "half-a-block": (96, 2, 32, True),  # 48 outputs of keys: a block has 32 or 64
    "partly-unfit": (160, 1, 32, True),  # 40 outputs of keys: the kernel wants sixteens
    "unfit": (64, 2, 16, True),  # no group of less than 32
}
EXACT = "unfit"  # its layers are unpacked
UNFIT = {"partly-unfit": "4 of 14 layers", "unfit": "14 of 14 layers"}
