#!/usr/bin/env python3
"""What scikit-learn, SciPy and MVTec's own code (in pyaupro) make of the random numbers in flawd's tests.

usage: python3 -m venv venv && venv/bin/pip install numpy scipy scikit-learn pyaupro && venv/bin/python metrics.py

Prints the figures that RankingTests.swift and PixelScoreTests.swift expect of flawd.
"""
import numpy
from pyaupro._reference import compute_pro
from scipy.stats import beta
from sklearn.metrics import precision_recall_curve, roc_auc_score


class LinearCongruence:
    """Knuth's MMIX generator, the upper 31 bits; as LinearCongruence.swift."""

    def __init__(self, state):
        self.state = state

    def below(self, count):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % count


def best_f1(truth, scores):
    precision, recall, _ = precision_recall_curve(truth, scores)
    return max(2 * p * r / (p + r) for p, r in zip(precision, recall) if p + r > 0)


def area(x, y, limit):
    """Trapezoids up to a limit of x, where y is interpolated."""
    inside = x <= limit
    x, y = numpy.append(x[inside], limit), numpy.append(y[inside], numpy.interp(limit, x, y))
    return numpy.trapezoid(y, x)


def parts():
    numbers = LinearCongruence(7)
    good = numpy.array([numbers.below(1000) / 1000 for _ in range(101)])
    defective = numpy.array([min(1000, numbers.below(1000) + 250) / 1000 for _ in range(101)])
    truth, scores = [0] * 101 + [1] * 101, numpy.concatenate([good, defective])
    print("parts: AUROC", roc_auc_score(truth, scores), "best F1", best_f1(truth, scores))
    for rate in (0, 0.01, 0.05, 0.1):
        # With 101 parts of each kind the quantiles of these rates fall on parts.
        passed = (good < numpy.quantile(defective, rate)).mean()
        failed = (defective > numpy.quantile(good, 1 - rate)).mean()
        print(f"  at {rate}: good below the defective's quantile {passed}, defective above the good's {failed}")


def pixels(scale):
    numbers, height, width = LinearCongruence(11), 30, 40
    truths, pictures = [], []
    for index in range(6):
        truth = numpy.zeros((height, width), int)
        for _ in range(3 if index < 4 else 0):
            x, y = numbers.below(width - 8), numbers.below(height - 8)
            across, down = 1 + numbers.below(8), 1 + numbers.below(8)
            truth[y:y + down, x:x + across] = 1
        noise = numpy.array([(numbers.below(20001) - 10000) / 1024 for _ in range(height * width)]).reshape(height, width)
        truths.append(truth)
        pictures.append(scale * (noise + 6 * truth))
    truth, scores = numpy.array(truths).ravel(), numpy.array(pictures).ravel()
    fpr, pro = compute_pro(pictures, truths)
    areas = [area(fpr, pro, limit) / limit for limit in (0.05, 0.3, 1)]
    print(f"pixels, scale {scale}: AUROC", roc_auc_score(truth, scores), "best F1", best_f1(truth, scores), "AUPRO(0.05, 0.3, 1)", *areas)


def intervals():
    for count, total in ((0, 77), (9, 77), (23, 191), (1, 1), (191, 191), (500, 100000), (3, 4)):
        lower = beta.ppf(0.025, count, total - count + 1) if count > 0 else 0
        upper, one_sided = (beta.ppf(share, count + 1, total - count) if count < total else 1 for share in (0.975, 0.95))
        print(f"{count} of {total}: 95% from {lower} to {upper}, at most {one_sided}")


if __name__ == "__main__":
    parts()
    pixels(1)
    pixels(0.05)
    intervals()
