"""An inbox for each agent that was there before there were inboxes."""

from django.db import migrations


def open_inboxes(apps, schema_editor):
    stream = apps.get_model("core", "Stream")
    refs = apps.get_model("agents", "Agent").objects.values_list("ref", flat=True)
    stream.objects.bulk_create([stream(name=f"inbox:{ref}") for ref in refs], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("agents", "0001_initial"), ("core", "0002_forwarding")]
    operations = [migrations.RunPython(open_inboxes, migrations.RunPython.noop)]
