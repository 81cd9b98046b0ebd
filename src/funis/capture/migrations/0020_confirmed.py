# Roles and tokens that show arms in a blinded trial take two people.

from django.db import migrations, models


def of_two(first: str) -> models.Q:
    """Say that who confirms is another person than who gave the right."""
    return models.Q(("confirmed_by", "")) | (
        models.Q(("needs_second", True)) & ~models.Q(("confirmed_by", models.F(first)))
    )


class Migration(migrations.Migration):
    dependencies = [
        ("capture", "0019_tokens"),
    ]

    operations = [
        migrations.AddField("roleheld", "needs_second", models.BooleanField(default=False)),
        migrations.AddField("roleheld", "confirmed_by", models.CharField(blank=True, max_length=60)),
        migrations.AddField("apitoken", "needs_second", models.BooleanField(default=False)),
        migrations.AddField("apitoken", "confirmed_by", models.CharField(blank=True, max_length=60)),
        migrations.AddConstraint(
            "roleheld",
            models.CheckConstraint(condition=of_two("granted_by"), name="a_role_is_confirmed_by_another"),
        ),
        migrations.AddConstraint(
            "apitoken",
            models.CheckConstraint(condition=of_two("issued_by"), name="a_token_is_confirmed_by_another"),
        ),
    ]
