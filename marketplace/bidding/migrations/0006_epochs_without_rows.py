from django.db import migrations, models


def refuse_unread_bids(apps, schema_editor):
    """Bids sealed under a stored key cannot be sealed anew: only their clearing can open them."""
    keys = apps.get_model("bidding", "EpochKey").objects
    if keys.exclude(market__state__in=("settled", "cancelled")).exists():
        raise RuntimeError("A market with bids is open or not settled: let it end, or cancel it, before you migrate.")


class Migration(migrations.Migration):

    dependencies = [("bidding", "0005_locked_rows_need_no_constraint"), ("markets", "0008_contracts")]

    operations = [
        migrations.RunPython(refuse_unread_bids, migrations.RunPython.noop),
        migrations.DeleteModel(name="EpochKey"),
        migrations.AlterField(
            model_name="bid",
            name="content",
            field=models.BinaryField(help_text="the epoch's public half, then nonce and bid in a padded box"),
        ),
    ]
