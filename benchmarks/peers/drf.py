"""The stock peer: a DRF ModelSerializer endpoint under ASGI, as its tutorial writes it."""

import os

import django
from django.conf import settings

if not settings.configured:
    import dj_database_url

    settings.configure(
        SECRET_KEY="benchmark",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        INSTALLED_APPS=["rest_framework", "django.contrib.contenttypes", "django.contrib.auth"],
        DATABASES={"default": dj_database_url.parse(os.environ["BENCH_DSN"]) | {"OPTIONS": {"pool": True}}},
        REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": [], "UNAUTHENTICATED_USER": None},
    )
    django.setup()

from django.core.asgi import get_asgi_application
from django.db import models
from django.urls import path
from rest_framework import generics, serializers


class BareBid(models.Model):
    """The same table as the bare peers'."""

    agent = models.TextField()
    lot = models.TextField()
    value = models.BigIntegerField()

    class Meta:
        app_label = "peers"
        db_table = "bare_bid"
        managed = False


class BareBidSerializer(serializers.ModelSerializer):
    """All fields."""

    class Meta:
        model = BareBid
        fields = "__all__"


class BareBids(generics.CreateAPIView):
    """POST creates."""

    queryset = BareBid.objects.all()
    serializer_class = BareBidSerializer


urlpatterns = [path("bids", BareBids.as_view())]
application = get_asgi_application()
