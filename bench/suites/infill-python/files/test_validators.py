import pytest

from validators import (
    ValidationError,
    validate_age,
    validate_email,
    validate_form,
    validate_password,
    validate_phone,
)


@pytest.mark.parametrize("value", ["a@example.com", "first.last@mail.example.org"])
def test_valid_email(value):
    assert validate_email(value) == value


@pytest.mark.parametrize("value", ["", "nobody", "a@b", "a b@example.com"])
def test_invalid_email(value):
    with pytest.raises(ValidationError):
        validate_email(value)


def test_email_is_lower_cased():
    assert validate_email("Bob@Example.com") == "bob@example.com"


def test_phone_drops_spaces_and_dashes():
    assert validate_phone("+44 20-7946 0000") == "+442079460000"


@pytest.mark.parametrize("value, expected", [("0", 0), ("42", 42), (150, 150)])
def test_valid_age(value, expected):
    assert validate_age(value) == expected


@pytest.mark.parametrize("value", ["-1", "151", "abc", None])
def test_invalid_age(value):
    with pytest.raises(ValidationError) as info:
        validate_age(value)
    assert info.value.field == "age"


def test_password_too_short():
    with pytest.raises(ValidationError):
        validate_password("a1")


def test_form_collects_all_errors():
    clean, errors = validate_form({"email": "nope", "age": "30"})
    assert clean == {"age": 30}
    assert set(errors) == {"email", "phone", "password"}
    assert errors["phone"] == "is missing"
