"""Carriers and tracking numbers: always the same for the same order."""

CARRIERS = (("Parcelfox", "PF"), ("Nordpost", "NP"), ("Blue Heron", "BH"))
WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
WORD = 0xFFFFFFFF


def hash32(text):
    """32-bit FNV-1a with murmur3's final avalanche: the shop's hash. Not for secrets."""
    hashed = 0x811C9DC5
    for character in text:
        hashed = ((hashed ^ ord(character)) * 0x01000193) & WORD
    hashed ^= hashed >> 16
    hashed = (hashed * 0x85EBCA6B) & WORD
    hashed ^= hashed >> 13
    hashed = (hashed * 0xC2B2AE35) & WORD
    return hashed ^ (hashed >> 16)


def carrier_of(order_id):
    """Name and prefix of the carrier that takes an order's parcel."""
    return CARRIERS[hash32("carrier/" + order_id) % len(CARRIERS)]


def check_digit(digits):
    """The check digit of a UPU S10 number's eight digits."""
    rest = 11 - sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits)) % 11
    return {10: 0, 11: 5}.get(rest, rest)


def tracking_number_of(order_id):
    """A number of the form that posts use world-wide (UPU S10): two letters, eight digits and their check digit, the country."""
    digits = "%08d" % (hash32("tracking/" + order_id) % 100_000_000)
    _, prefix = carrier_of(order_id)
    return f"{prefix}{digits}{check_digit(digits)}DE"
