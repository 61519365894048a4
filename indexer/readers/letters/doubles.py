"""Letters of the two alphabets that look alike, place by place."""

LATIN, CYRILLIC = "ABCEHKMOPTXY", "АВСЕНКМОРТХУ"
SMALL_LATIN, SMALL_CYRILLIC = "aceopxy", "асеорху"  # the others differ when they are small
# Letters that Russian does not have.
OTHER_LATIN, OTHER_CYRILLIC = "isjISJ", "іѕјІЅЈ"
