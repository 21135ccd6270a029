"""The certificate a listener shows, and whom it asks for one. Files in, a context out; no sockets.

Everything is read at once and put to use at once: a certificate whose key does
not fit changes nothing, and connections that are open keep what they began with.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from zope.interface import implementer

from logmond.errors import SourceError
from logmond.ingest.sources.access import refusal

_VERSIONS = {"1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}
_NOT_PEM = "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"


@implementer(IOpenSSLServerConnectionCreator)
class Credentials:
    """Makes server connections from files that may be read again.

    Attributes:
        certificate: path of the certificate, followed by its chain.
        expires: epoch second at which the certificate ends.
        fingerprint: of the certificate, empty before it was read.
    """

    def __init__(
        self, certificate: str, key: str, client_ca: str | None = None, min_version: str = "1.2"
    ) -> None:
        """Prepare; nothing is read before `load`.

        Args:
            certificate: path of a PEM file: the certificate, then its chain.
            key: path of its private key, PEM, not encrypted.
            client_ca: path of the authorities that must have signed a client's
                certificate; None asks for none.
            min_version: "1.2" or "1.3".
        """
        self.certificate = certificate
        self.expires = float("inf")
        self.fingerprint = b""
        self._key = key
        self._client_ca = client_ca
        self._min_version = min_version
        self._context: SSL.Context | None = None

    def load(self) -> None:
        """Read the files; connections from now on use what they hold.

        Raises:
            SourceError: a file cannot be used. Nothing has changed.
        """
        chain = _certificates(self.certificate)
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_min_proto_version(_VERSIONS[self._min_version])
        context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_TICKET)
        # A session resumed would outlive its client's certificate; syslog connections last anyway.
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_session_id(b"logmond")
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        try:
            context.use_certificate(chain[0])
            for each in chain[1:]:
                context.add_extra_chain_cert(each)
        except SSL.Error as error:
            raise SourceError(f"certificate {self.certificate} {_told(error)}") from error
        key: Any = self._private_key()
        try:
            context.use_privatekey(key)
            context.check_privatekey()
        except SSL.Error as error:
            raise SourceError(
                f"key {self._key} does not belong to certificate {self.certificate}"
            ) from error
        if self._client_ca is not None:
            for each in _certificates(self._client_ca):
                context.add_client_ca(each)
            context.load_verify_locations(self._client_ca)
            context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _verified)
        self._context = context
        self.expires = chain[0].not_valid_after_utc.timestamp()
        self.fingerprint = chain[0].fingerprint(SHA256())

    @property
    def until(self) -> str:
        """The day the certificate ends."""
        return datetime.fromtimestamp(self.expires, UTC).strftime("%Y-%m-%d")

    def serverConnectionForTLS(self, protocol: object) -> SSL.Connection:
        """The TLS side of a connection that was accepted.

        Where its certificate is refused, `protocol.verification` gets the X509_V_ERR.
        """
        assert self._context is not None, "not loaded"
        connection = SSL.Connection(self._context, None)
        connection.set_accept_state()
        return connection

    def _private_key(self) -> object:
        try:
            return load_pem_private_key(_content(self._key), None)
        except TypeError as error:
            raise SourceError(f"key {self._key} is encrypted; store it without a passphrase") from (
                error
            )
        except (ValueError, UnsupportedAlgorithm) as error:
            raise SourceError(f"key {self._key} holds no private key in PEM") from error


def _verified(connection: SSL.Connection, _: object, number: int, depth: int, ok: int) -> bool:
    """Keep why a client's certificate is refused: the error of the handshake does not say it."""
    if not ok:
        # Twisted keeps the protocol of a connection there.
        connection.get_app_data().verification = number
    return bool(ok)


def _certificates(path: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_content(path))
    except ValueError as error:
        raise SourceError(f"{path} {_NOT_PEM}") from error


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise SourceError(refusal(path, error)) from error


def _told(error: SSL.Error) -> str:
    reasons = [part[2] for part in error.args[0]] if error.args else []
    return f"cannot be used ({', '.join(reasons) or 'OpenSSL does not say why'})"
