"""OAuth 2.0 for a Google account: consent once in a browser, access tokens from then on.

RFC 6749 with PKCE (RFC 7636) and a loopback redirect (RFC 8252), as
https://developers.google.com/identity/protocols/oauth2/native-app asks.
"""

from jeeves.adapters.google_auth.consent import authorise
from jeeves.adapters.google_auth.stored import consent_ends
from jeeves.adapters.google_auth.token import GoogleToken

__all__ = ["GoogleToken", "authorise", "consent_ends"]
