"""The public tariff of the contract: where Shipping delivers, and for how much."""

ZONES = {
    "domestic": ("DE",),
    "europe": ("AT", "BE", "CH", "CZ", "DK", "ES", "FI", "FR", "IE", "IT", "LU", "NL", "NO", "PL", "PT", "SE"),
    "world": ("AU", "BR", "CA", "CN", "GB", "IN", "JP", "KR", "MX", "NZ", "SG", "US", "ZA"),
}

# In minor units of EUR: up to 1 kg, for each further kilogram begun, and the days it takes.
TARIFF = {
    "domestic": (490, 100, 2),
    "europe": (1290, 300, 5),
    "world": (2490, 900, 12),
}

MAX_WEIGHT_G = 31_500


def zone_of(country):
    """None: we do not deliver there."""
    for zone, countries in ZONES.items():
        if country in countries:
            return zone
    return None


def shipping_price_minor(zone, weight_g):
    """The price of sending so many grams to a zone, in minor units."""
    first, further, _ = TARIFF[zone]
    kilograms_begun = -(-weight_g // 1000)
    return first + further * max(0, kilograms_begun - 1)
