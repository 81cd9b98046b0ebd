"""Score a register on Spark: spark-submit score_register.py INSTRUMENT INPUT OUTPUT [SUBJECT ORDER]."""

import sys

from pyspark.sql import SparkSession

import funis

instrument, source, target, *history = sys.argv[1:]
spark = SparkSession.builder.appName(f"funis {instrument}").getOrCreate()
visits = spark.read.parquet(source)
subject, order = history if history else (None, None)
scored = funis.score(visits, instrument, subject=subject, order=order)
scored.write.mode("overwrite").parquet(target)
spark.stop()
