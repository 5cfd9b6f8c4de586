"""The stock admin with our site."""

from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    """`django.contrib.admin`, at the desk."""

    default_site = "marketplace.doors.desk.site.Desk"
