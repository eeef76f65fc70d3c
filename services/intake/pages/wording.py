"""What residents read for the values they choose among."""

KINDS = (
    ("help", "求助：有困难需要解决"),
    ("complaint", "投诉：对服务或环境不满意"),
    ("report", "举报：反映违法违规"),
    ("inquiry", "咨询：想问政策或办事"),
    ("suggestion", "建议：希望改进"),
    ("praise", "表扬：感谢有心人"),
)
IDENTITIES = (
    ("named", "实名：承办单位可以直接联系我"),
    ("withheld", "实名但不公开：只有民生诉求中心知道我是谁"),
    ("anonymous", "匿名：不留姓名和电话，收不到短信，只能用查询码看进展"),
)

KIND_NAMES = {value: words.partition("：")[0] for value, words in KINDS}
IDENTITY_NAMES = {"named": "实名", "withheld": "不公开身份", "anonymous": "匿名"}
REASONS = (
    ("not_in_scope", "不属于街道职责范围"),
    ("emergency_service", "紧急情况，应拨打110、119、120"),
    ("legal_procedure", "已在诉讼、仲裁、复议或信访程序中"),
    ("duplicate", "重复来信"),
    ("no_content", "没有可以办理的内容"),
)
