from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("capture", "0013_stopping"),
    ]

    operations = [
        migrations.AddField(
            model_name="studyversion",
            name="since",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="versioninforce",
            constraint=models.UniqueConstraint(
                fields=("version", "site"), name="a_version_comes_into_force_once"
            ),
        ),
    ]
