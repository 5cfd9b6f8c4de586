from django.db import migrations, models

import marketplace.core.secrets


class Migration(migrations.Migration):
    dependencies = [("core", "0002_forwarding")]

    operations = [
        migrations.RunSQL("DELETE FROM core_idempotentanswer", migrations.RunSQL.noop),
        migrations.AlterField(
            "idempotentanswer", "answer", marketplace.core.secrets.SecretField(help_text="the answer as it left; it may repeat what only its caller may read")
        ),
        migrations.AlterField(
            "idempotentanswer", "key_hash", models.CharField(help_text="HMAC of caller, path and key", max_length=64, unique=True)
        ),
        migrations.AlterField(
            "idempotentanswer", "body_hash", models.CharField(help_text="HMAC of the body that came with the key", max_length=64)
        ),
    ]
