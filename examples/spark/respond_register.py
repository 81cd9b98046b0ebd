"""Give the responses of a register on Spark: spark-submit respond_register.py RESPONSE VISIT INPUT OUTPUT."""

import sys

from pyspark.sql import SparkSession

import funis

response, visit, source, target = sys.argv[1:]
spark = SparkSession.builder.appName(f"funis {response}").getOrCreate()
scored = spark.read.parquet(source)
answers = funis.respond(scored, response, parameters={"response_visit": visit})
answers.write.mode("overwrite").parquet(target)
spark.stop()
