import csv
import json
from statistics import mean, median


class Student:
    def __init__(self, name, grades=None):
        self.name = name
        self.grades = grades or []

    def add_grade(self, grade):
        if not 1 <= grade <= 6:
            raise ValueError(f"grade out of range: {grade}")
        self.grades.append(grade)

    def average(self):
        if not self.grades:
            return None
        return round(mean(self.grades), 2)

    def passed(self):
        average = self.average()
        return average is not None and average >= 4


class Course:
    def __init__(self, title):
        self.title = title
        self.students = {}

    def enroll(self, name):
        if name not in self.students:
            self.students[name] = Student(name)
        return self.students[name]

    def grade(self, name, value):
        self.enroll(name).add_grade(value)

    def ranking(self):
        graded = [s for s in self.students.values() if s.grades]
        return sorted(graded, key=lambda s: s.average(), reverse=True)

    def class_median(self):
        averages = [s.average() for s in self.students.values() if s.grades]
        return median(averages)

    def failed(self):
        return [s.name for s in self.students.values() if not s.passed()]

    def to_json(self):
        data = {
            "title": self.title,
            "students": [
                {"name": s.name, "grades": s.grades} for s in self.students.values()
            ],
        }
        return json.dumps(data, indent=2)

    @classmethod
    def from_csv(cls, title, path):
        course = cls(title)
        with open(path, newline="") as f:
            reader = csv.reader(f)
            next(reader)
            for name, grade in reader:
                course.grade(name, float(grade))
        return course
