"""Refusals as answers (RFC 9457). The sidecar writes them out as application/problem+json."""


def problem(status, slug, title, detail):
    """`slug` names the kind of problem, `title` is the same for every occurrence, `detail` says what is wrong now."""
    return {"status": status, "slug": slug, "title": title, "detail": detail}
