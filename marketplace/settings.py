"""Django settings: wiring only, everything that differs between places comes from the environment."""

import os
from pathlib import Path

import dj_database_url

from marketplace.core.limits import RATE_REQUESTS
from marketplace.core.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = os.environ.get("WALRAS_DEBUG", "") == "1"
SECRET_KEY = os.environ.get("WALRAS_SECRET_KEY", "")  # a system check refuses a weak one outside DEBUG
ALLOWED_HOSTS = os.environ.get("WALRAS_HOSTS", "127.0.0.1,localhost").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("WALRAS_ORIGINS", "").split(",") if origin]

# The clearing secret is read by clearing children alone: from this file (mode 0600, made where it is missing), or from
# WALRAS_CLEARING_SECRET in the environment of clearing workers; then web processes are told the public key.
CLEARING_SECRET_FILE = Path(os.environ.get("WALRAS_CLEARING_SECRET_FILE") or BASE_DIR / ".walras-clearing-secret")
CLEARING_PUBLIC_KEY = os.environ.get("WALRAS_CLEARING_PUBLIC_KEY", "")

# Contracts are signed with the first key in this file (mode 0600, made where it is missing); all of them are published.
CONTRACT_KEY_FILE = Path(os.environ.get("WALRAS_CONTRACT_KEY_FILE") or BASE_DIR / ".walras-contract-key")

INSTALLED_APPS = [
    "marketplace.doors.desk.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_json_schema_editor",
    "channels",
    "simple_history",
    "allauth",
    "allauth.account",
    "marketplace.core",
    "marketplace.agents",
    "marketplace.preferences",
    "marketplace.settlement",
    "marketplace.mandates",
    "marketplace.markets",
    "marketplace.bidding",
    "marketplace.clearing",
    "marketplace.reports",
    "marketplace.doors",
    "marketplace.stripe_sandbox",
]

MIDDLEWARE = [
    "marketplace.doors.measuring.measured",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",  # by whom: histories read it off the request
    "marketplace.doors.rest.rates.rate_headers",
    "allauth.account.middleware.AccountMiddleware",
    "marketplace.doors.pages.policy.page_policy",
]

ROOT_URLCONF = "marketplace.urls"
ASGI_APPLICATION = "marketplace.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- databases: ours, and (demo and tests only) the Stripe sandbox's own -------------------------------------------

SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 30,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}


def _database(url: str) -> dict:
    """One entry of DATABASES; connections are never kept by Django itself (under ASGI that leaks them)."""
    config: dict = dict(dj_database_url.parse(url, conn_max_age=0))
    if config["ENGINE"].endswith("sqlite3"):
        config["OPTIONS"] = dict(SQLITE_OPTIONS)
        config["TEST"] = {"NAME": str(config["NAME"]) + ".test"}  # a file: several threads and processes share it
    else:
        config["OPTIONS"] = {**config.get("OPTIONS", {}), "pool": {"min_size": 1, "max_size": 16, "timeout": 20}}
    return config


DATABASES = {"default": _database(os.environ.get("DATABASE_URL") or f"sqlite:///{BASE_DIR / 'walras.sqlite3'}")}
if os.environ.get("WALRAS_DATABASE_NAME"):  # a clearing child works on the database of the process that started it
    DATABASES["default"]["NAME"] = os.environ["WALRAS_DATABASE_NAME"]
STRIPE_SANDBOX_DATABASE = os.environ.get("STRIPE_SANDBOX_DATABASE", "")
if STRIPE_SANDBOX_DATABASE:
    DATABASES["stripe_sandbox"] = _database(f"sqlite:///{STRIPE_SANDBOX_DATABASE}")
    # In WAL, NORMAL survives kill -9 (not a power cut), and no sandbox money is worth an fsync per call.
    DATABASES["stripe_sandbox"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    DATABASES["stripe_sandbox"]["TEST"]["DEPENDENCIES"] = []  # tests of the sandbox alone need no other database
DATABASE_ROUTERS = ["marketplace.stripe_sandbox.router.SandboxRouter"]

REDIS_URL = os.environ.get("REDIS_URL", "")
CHANNEL_LAYERS = {
    "default": (
        {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}

# --- Stripe: test mode only; `marketplace.settlement.gateway` refuses any other key ---------------------------------

STRIPE_API_KEY = os.environ.get("STRIPE_API_KEY", "sk_test_walras_sandbox")
STRIPE_API_BASE = os.environ.get("STRIPE_API_BASE", "")  # empty: Stripe's own
# Stripe's test mode takes 25 a second for an account: each process that calls has its share; the sandbox beside us any.
STRIPE_CALLS_PER_SECOND = float(os.environ.get("STRIPE_CALLS_PER_SECOND") or (0 if STRIPE_API_BASE else 20))
STRIPE_HTTP_CLIENT = os.environ.get("STRIPE_HTTP_CLIENT", "")  # dotted path of a stripe.HTTPClient; empty: the SDK's
STRIPE_WEBHOOK_SECRET = os.environ.get("STRIPE_WEBHOOK_SECRET", "whsec_walras_sandbox")

# Exports that are made in the background; every process that makes or serves them must see this folder.
REPORTS_DIR = Path(os.environ.get("WALRAS_REPORTS_DIR") or BASE_DIR / ".walras-reports")

# --- how many requests a key may make in ten seconds; 0: as many as it likes ------------------------------------------

RATE_LIMIT = int(os.environ.get("WALRAS_RATE_LIMIT") or RATE_REQUESTS)

# --- who may read /metrics: whoever brings this token; without one, this host alone ---------------------------------

METRICS_TOKEN = os.environ.get("WALRAS_METRICS_TOKEN", "")

# --- outgoing webhooks: public https addresses only, unless this is a test or the demo --------------------------------

WEBHOOK_LOOPBACK = os.environ.get("WALRAS_WEBHOOK_LOOPBACK", "") == "1"

# --- the web -------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["marketplace.doors.rest.keys.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": [
        "marketplace.doors.rest.strict.EncodedRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": ["marketplace.doors.rest.strict.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "marketplace.doors.rest.strict.problem_response",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Walras",
    "DESCRIPTION": "The marketplace where AI agents trade for the people they serve.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "marketplace.doors.rest.schemas.complete",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- people: sign-up and login by e-mail; no request leaves the house, letters only where a mail server is named ----

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/me/"
ACCOUNT_ADAPTER = "marketplace.doors.pages.me.accounts.PeopleAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_SESSION_REMEMBER = True
MAIL_HOST = os.environ.get("WALRAS_MAIL_HOST", "")  # host:port of an SMTP server; empty: letters go to standard output
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if MAIL_HOST else 'console'}.EmailBackend"
EMAIL_HOST, _, EMAIL_PORT = MAIL_HOST.partition(":")
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = (
    os.environ.get("WALRAS_MAIL_USER", ""),
    os.environ.get("WALRAS_MAIL_PASSWORD", ""),
)
DEFAULT_FROM_EMAIL = os.environ.get("WALRAS_MAIL_FROM", "walras@localhost")
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if MAIL_HOST else "none"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024  # the API's own bound, 64 KiB, stands in core/limits.py
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
if os.environ.get("WALRAS_HTTPS", "") == "1":
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31536000
    SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked from within, past the proxy
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOGGING = logging_config(os.environ.get("WALRAS_LOG_LEVEL", "WARNING"))
PUBLIC_URL = os.environ.get("WALRAS_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")  # what letters link to
# HSTS for subdomains, and its preload list, speak for hosts that are not this service's to decide on.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
