# Events and infusions of all subjects are found without reading every form.

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("capture", "0021_unasked"),
    ]

    operations = [
        migrations.AddIndex("form", models.Index(fields=["name", "subject"], name="form_by_name")),
    ]
