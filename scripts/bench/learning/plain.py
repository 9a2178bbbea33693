"""The plain scikit-learn pipeline on the labelled mails of a database."""

from __future__ import annotations

import os
from contextlib import closing

import psycopg2
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as connection:
    sql = connection.cursor()
    sql.execute(
        "select m.subject || chr(10) || m.own_words, c.label = 'needs_location' "
        "from current_labels c join messages m on m.id = c.message_id"
    )
    texts, labels = zip(*sql.fetchall(), strict=True)
pipeline = make_pipeline(
    TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
    LogisticRegression(C=3.0, max_iter=4000),
)
pipeline.fit(texts, labels)
