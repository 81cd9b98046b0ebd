# What the list of serious events counts of each subject; every summary is made anew with it.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("capture", "0020_confirmed"),
    ]

    operations = [
        migrations.RunSQL("DELETE FROM capture_subjectsummary", migrations.RunSQL.noop),
        migrations.AddField("subjectsummary", "unclocked", models.PositiveIntegerField(default=0)),
        migrations.AddIndex(
            "subjectsummary",
            models.Index(fields=["site"], condition=models.Q(unclocked__gt=0), name="summary_unclocked"),
        ),
        migrations.CreateModel(
            name="UnaskedVisit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("site", models.CharField(max_length=30)),
                ("number", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=60)),
                ("day", models.CharField(blank=True, max_length=30)),
                ("has_form", models.BooleanField()),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="capture.subject"
                    ),
                ),
                (
                    "visit",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="capture.subjectvisit",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            "unaskedvisit",
            models.Index(
                fields=["number", "day", "name"], condition=models.Q(has_form=True), name="unasked_by_number"
            ),
        ),
        migrations.AddIndex(
            "unaskedvisit",
            models.Index(
                fields=["site", "number", "day", "name"],
                condition=models.Q(has_form=True),
                name="unasked_by_site",
            ),
        ),
        migrations.AddIndex(
            "unaskedvisit",
            models.Index(
                fields=["name", "number"], condition=models.Q(has_form=False), name="unasked_without_form"
            ),
        ),
    ]
