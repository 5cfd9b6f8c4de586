from django.db import migrations, models


def leave_room(apps, schema_editor):
    """Half of each page is left free, so that PostgreSQL writes a new head beside the old one and no index anew."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE core_stream SET (fillfactor = 50)")


class Migration(migrations.Migration):
    dependencies = [("core", "0005_locked_streams_need_no_constraint")]

    operations = [
        migrations.AlterField(
            "stream", "name", models.CharField(help_text="for example market:mkt_x or participation:prt_x", max_length=80)
        ),
        migrations.AddConstraint("stream", models.UniqueConstraint(fields=("name",), name="stream_name_once")),
        migrations.RunPython(leave_room, migrations.RunPython.noop),
    ]
