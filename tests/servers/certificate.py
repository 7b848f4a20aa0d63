"""A certificate for a server on this machine, signed by itself."""

import shutil

# What the system's own configuration adds is another on each. The certificate is no authority: a strict
# client refuses a server with a certificate that is.
CONFIGURATION = """
[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
CN = localhost
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
"""


def make_certificate(folder, name, run):
    """Writes NAME.crt and NAME.key with `run`; the certificate's path, or None if there is no `openssl`."""
    openssl = shutil.which("openssl")
    if not openssl:
        return None
    certificate, key, configuration = (folder / f"{name}.{kind}" for kind in ("crt", "key", "cnf"))
    configuration.write_text(CONFIGURATION)
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run(openssl, "req", "-x509", "-days", "30", *curve, "-config", configuration, "-keyout", key, "-out", certificate)
    configuration.unlink()
    return certificate
