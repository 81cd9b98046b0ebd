import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("capture", "0017_redactions"),
    ]

    operations = [
        migrations.CreateModel(
            name="AwaitedVisit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("site", models.CharField(max_length=30)),
                ("name", models.CharField(max_length=60)),
                ("place", models.PositiveIntegerField()),
                ("day", models.DateField()),
                ("opens", models.DateField()),
                ("closes", models.DateField()),
                ("forms", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="SubjectSummary",
            fields=[
                (
                    "subject",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="summary",
                        serialize=False,
                        to="capture.subject",
                    ),
                ),
                ("site", models.CharField(max_length=30)),
                ("seq", models.BigIntegerField()),
                ("began_on", models.DateField(null=True)),
                ("enrolled_month", models.CharField(blank=True, max_length=7)),
                ("has_ended", models.BooleanField(default=False)),
                ("visits_done", models.PositiveIntegerField(default=0)),
                ("visits_outside", models.PositiveIntegerField(default=0)),
                ("visits_missed", models.PositiveIntegerField(default=0)),
                ("forms_due", models.PositiveIntegerField(default=0)),
                ("forms_entered", models.PositiveIntegerField(default=0)),
                ("forms_not_done", models.PositiveIntegerField(default=0)),
                ("infusions", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.AddIndex(
            model_name="subject",
            index=models.Index(fields=["site", "status"], name="subject_by_status"),
        ),
        migrations.AddField(
            model_name="awaitedvisit",
            name="subject",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="capture.subject"
            ),
        ),
        migrations.AddField(
            model_name="subjectsummary",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="capture.studyversion"
            ),
        ),
        migrations.AddIndex(
            model_name="awaitedvisit",
            index=models.Index(fields=["closes", "site", "opens", "forms"], name="awaited_by_day"),
        ),
        migrations.AddIndex(
            model_name="awaitedvisit",
            index=models.Index(fields=["site", "closes", "opens", "forms"], name="awaited_by_site"),
        ),
        migrations.AddConstraint(
            model_name="awaitedvisit",
            constraint=models.UniqueConstraint(fields=("subject", "name"), name="one_awaited_visit"),
        ),
        migrations.AddIndex(
            model_name="subjectsummary",
            index=models.Index(fields=["site", "enrolled_month"], name="summary_by_site"),
        ),
        migrations.AddIndex(
            model_name="subjectsummary",
            index=models.Index(fields=["site", "version", "seq"], name="summary_by_version"),
        ),
    ]
