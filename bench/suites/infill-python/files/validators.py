import re

EMAIL_PATTERN = re.compile(r"^[\w.+-]+@[\w-]+\.[\w.-]+$")
PHONE_PATTERN = re.compile(r"^\+?\d{7,15}$")


class ValidationError(ValueError):
    def __init__(self, field, message):
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


def validate_email(value):
    if not EMAIL_PATTERN.match(value):
        raise ValidationError("email", "is not a valid address")
    return value.lower()


def validate_phone(value):
    digits = re.sub(r"[\s()-]", "", value)
    if not PHONE_PATTERN.match(digits):
        raise ValidationError("phone", "is not a valid number")
    return digits


def validate_age(value):
    try:
        age = int(value)
    except (TypeError, ValueError):
        raise ValidationError("age", "must be a number")
    if age < 0 or age > 150:
        raise ValidationError("age", "is out of range")
    return age


def validate_password(value):
    if len(value) < 8:
        raise ValidationError("password", "must have at least 8 characters")
    if value.isalpha() or value.isdigit():
        raise ValidationError("password", "must mix letters and digits")
    return value


VALIDATORS = {
    "email": validate_email,
    "phone": validate_phone,
    "age": validate_age,
    "password": validate_password,
}


def validate_form(form):
    clean = {}
    errors = {}
    for name, validator in VALIDATORS.items():
        if name not in form:
            errors[name] = "is missing"
            continue
        try:
            clean[name] = validator(form[name])
        except ValidationError as error:
            errors[name] = error.message
    return clean, errors
