"""What the login refuses: stable codes, and the table of statuses and Chinese sentences."""

from chassis.errors import DomainError


class LoginRefused(DomainError):
    """Unknown name, wrong password, locked or disabled: the four must look alike."""

    code = "login_refused"


class WrongCode(DomainError):
    """The second factor's code is wrong, was used before, or the account was locked meanwhile."""

    code = "wrong_code"


class StepExpired(DomainError):
    """Too long between password and second factor: the login starts over."""

    code = "login_step_expired"


class WrongPassword(DomainError):
    """Changing a password needs the old one."""

    code = "wrong_password"


class WeakPassword(DomainError):
    code = "weak_password"


class FormerPassword(DomainError):
    code = "former_password"


class RolesDoNotFit(DomainError):
    code = "roles_do_not_fit"


class AccountExists(DomainError):
    code = "account_exists"


class AccountUnknown(DomainError):
    code = "account_unknown"


class NoLogin(DomainError):
    """This service was given no key to sign tokens with."""

    code = "no_login"


class ProviderAway(DomainError):
    """The OpenID provider does not answer, or answers what cannot be trusted."""

    code = "provider_away"


class NoRole(DomainError):
    """The provider vouches for somebody who has no role here."""

    code = "no_role"


STATUSES: dict[str, int] = {
    "login_refused": 422,
    "wrong_code": 422,
    "login_step_expired": 422,
    "wrong_password": 422,
    "weak_password": 422,
    "former_password": 422,
    "no_login": 503,
    "provider_away": 503,
    "no_role": 403,
}

SENTENCES: dict[str, str] = {
    "login_refused": "用户名或密码不正确，或账户暂时不能登录。连续输错五次，请十五分钟后再试。",
    "wrong_code": "验证码不正确或已用过。请等手机上出现下一个验证码再输入。",
    "login_step_expired": "登录超时，请重新输入用户名和密码。",
    "wrong_password": "原密码不正确。",
    "weak_password": "密码至少 10 位，须含大写字母、小写字母、数字、符号中的三种，且不得包含用户名。",
    "former_password": "不能使用最近五次用过的密码。",
    "no_login": "本系统尚未配置登录，请联系管理员。",
    "provider_away": "统一身份认证暂时无法使用，请稍后再试。",
    "no_role": "您的身份已确认，但在本系统中没有岗位。请联系管理员。",
}
