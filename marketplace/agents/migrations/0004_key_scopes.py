"""Keys get a public name, scopes and an expiry."""

from django.db import migrations, models

from marketplace.core.refs import new_ref

SCOPES = {"trade": "read trade keys", "operate": "read trade keys operate"}


def name_and_scope(apps, schema_editor):
    for key in apps.get_model("agents", "ApiKey").objects.all():
        key.ref, key.scopes = new_ref("key"), SCOPES[key.scope]
        key.save(update_fields=["ref", "scopes"])


class Migration(migrations.Migration):
    dependencies = [("agents", "0003_people")]
    operations = [
        migrations.AddField("apikey", "ref", models.CharField(help_text="public name, key_...", max_length=32, null=True)),
        migrations.AddField(
            "apikey",
            "scopes",
            models.CharField(
                default="", help_text="what it may do, by words: read trade keys operate", max_length=80
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "apikey",
            "expires_at",
            models.DateTimeField(blank=True, help_text="good for nothing from then on; empty: never", null=True),
        ),
        migrations.RunPython(name_and_scope, migrations.RunPython.noop),
        migrations.AlterField(
            "apikey", "ref", models.CharField(help_text="public name, key_...", max_length=32, unique=True)
        ),
        migrations.RemoveField("apikey", "scope"),
    ]
