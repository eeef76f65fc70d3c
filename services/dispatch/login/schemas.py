"""The fields of the login's forms."""

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Length, OneOf, Regexp

from services.dispatch.login.domain.password import LONGEST


class Form(Schema):
    """A form also brings its CSRF proof and its idempotency key, which are checked elsewhere."""

    class Meta:
        unknown = EXCLUDE


class PasswordForm(Form):
    name = fields.Str(required=True, validate=Length(1, 60, error="请输入用户名"))
    password = fields.Str(required=True, validate=Length(1, LONGEST, error="请输入密码"))


class CodeForm(Form):
    """Six digits, or a recovery code."""

    code = fields.Str(required=True, validate=Length(6, 20, error="请输入六位验证码"))


class NewPasswordForm(Form):
    password = fields.Str(required=True, validate=Length(1, LONGEST, error="请输入新密码"))
    again = fields.Str(required=True)

    @validates_schema
    def check_again(self, form: dict[str, str], **kwargs: object) -> None:
        if form["password"] != form["again"]:
            raise ValidationError("两次输入的密码不一致", "again")


class ChangePasswordForm(NewPasswordForm):
    old = fields.Str(required=True, validate=Length(1, LONGEST, error="请输入原密码"))


PLAYED = ("centre", "unit", "leader", "supervisor")


class RoleForm(Form):
    """A role to act in, where there are no accounts (PROFILE=dev or demo)."""

    role = fields.Str(required=True, validate=OneOf(PLAYED))
    unit = fields.Str(load_default="", validate=Regexp(r"[A-Z0-9]{0,20}\Z"))
