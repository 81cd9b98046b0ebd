"""Words of the pages in Simplified Chinese, by the English ones; not reviewed by a clinician yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

CHINESE: Final = {
    "Accounts": "账户",
    "{n} not yet on the server": "{n} 项尚未上传服务器",
    "Everything is on the server": "全部已上传服务器",
    "{n} need your answer": "{n} 项待您处理",
    "kept here, not yet on the server": "已保存在本机，尚未上传服务器",
    "saved": "已保存",
    "Not saved": "未保存",
    "found": "填写",
    "allowed": "允许",
    "Somebody else changed this": "他人已修改此项",
    "yours": "您的数值",
    "theirs": "对方的数值",
    "Save mine": "保存我的",
    "Take theirs": "采用对方的",
    "Your session has ended. What you entered is kept here.": "会话已结束，您的录入已保存在本机。",
    "Log in again": "重新登录",
    "This browser cannot keep entries. Do not go on.": "浏览器无法保存录入，请勿继续。",
    "The server does not take this entry": "服务器未接受该录入",
    "{n} entries are not yet on the server. Delete them and log out?": (
        "{n} 项录入尚未上传服务器。删除并退出登录吗？"
    ),
    "empty": "空",
    "to": "至",
    "Save the change": "保存修改",
    "Take the change back": "取消修改",
    "Why is the value another now?": "为何修改该数值？",
    "Actor": "操作人",
    "Add": "添加",
    "Add a form": "添加表单",
    "Add an account": "添加账户",
    "Administrator of accounts": "账户管理员",
    "All sites": "所有中心",
    "Auditor": "稽查员",
    "Back": "返回",
    "Cell laboratory": "细胞实验室",
    "Cell product": "细胞制品",
    "Changes": "变更",
    "Choose another password": "修改密码",
    "Closed": "已关闭",
    "Consent": "知情同意",
    "Consented": "已知情同意",
    "Coordinator": "研究协调员",
    "Data may be used for later research": "数据可用于后续研究",
    "Data may leave the country": "数据可出境",
    "Data manager": "数据管理员",
    "Date": "日期",
    "Date of the visit": "访视日期",
    "Day of consent": "同意日期",
    "Day of withdrawal": "撤回日期",
    "Download": "下载",
    "End the role": "终止角色",
    "Export": "导出",
    "Forms": "表单",
    "From": "起始日期",
    "Given on": "签署日期",
    "Grant": "授予",
    "Grant a role": "授予角色",
    "History": "历史记录",
    "In screening": "筛选中",
    "Investigator": "研究者",
    "Left the trial": "已退出试验",
    "Locked": "已锁定",
    "Log in": "登录",
    "Log out": "退出登录",
    "Login name": "登录名",
    "Monitor": "监查员",
    "More": "其他",
    "Name and password do not fit, or the account is closed.": "用户名与密码不符，或账户已关闭。",
    "New subject": "新受试者",
    "New password once more": "再次输入新密码",
    "New password, at least 12 characters": "新密码（至少 12 个字符）",
    "No consent is in force.": "目前没有有效的知情同意。",
    "No form here yet.": "此处尚无表单。",
    "No subject yet.": "尚无受试者。",
    "Not collected yet": "尚未采集",
    "Number": "编号",
    "Open": "有效",
    "Open again": "重新开放",
    "Overview": "概览",
    "Password": "密码",
    "Printed name": "姓名",
    "Reason": "原因",
    "Record consent": "记录知情同意",
    "Record that it was missed": "记录未进行",
    "Record visit": "记录访视",
    "Role": "角色",
    "Roles": "角色",
    "Safety board": "安全监察委员会",
    "Pages": "页面",
    "Close": "关闭",
    "Score": "评分",
    "Skip to the content": "跳到正文",
    "See everything that was done": "查看全部操作",
    "Site": "中心",
    "Sites": "中心",
    "Statistician": "统计师",
    "Status": "状态",
    "Subject": "受试者",
    "Subjects": "受试者",
    "The data folder of the trial, from which funis report makes its report.": (
        "试验数据文件夹，可由 funis report 生成报告。"
    ),
    "This was not done": "操作未完成",
    "Time (UTC)": "时间 (UTC)",
    "Trail": "稽查轨迹",
    "Unscheduled visit": "计划外访视",
    "Until": "截止日期",
    "Version of the information sheet": "知情同意书版本",
    "Visit": "访视",
    "Visits": "访视",
    "Window": "时间窗",
    "Withdraw consent": "撤回知情同意",
    "Withdrawn on": "撤回日期",
    "What the subject has beside visits": "访视以外的记录",
    "ahead": "未到",
    "by": "由",
    "due": "进行中",
    "filled": "已填写",
    "missed": "未进行",
    "not known": "未知",
    "overdue": "已逾期",
    "recorded": "已记录",
}


ENTRY_WORDS: Final = {
    "unsent": "{n} not yet on the server",
    "none": "Everything is on the server",
    "open": "{n} need your answer",
    "kept": "kept here, not yet on the server",
    "saved": "saved",
    "refused": "Not saved",
    "found": "found",
    "allowed": "allowed",
    "conflict": "Somebody else changed this",
    "yours": "yours",
    "theirs": "theirs",
    "mine": "Save mine",
    "take": "Take theirs",
    "ended": "Your session has ended. What you entered is kept here.",
    "login": "Log in again",
    "broken": "This browser cannot keep entries. Do not go on.",
    "stopped": "The server does not take this entry",
    "leave": "{n} entries are not yet on the server. Delete them and log out?",
    "empty": "empty",
    "to": "to",
}
"""What the page of a form says of entries."""


def in_language(language: str) -> Callable[[str], str]:
    """Give the function that puts a word of the pages into a language.

    Parameters
    ----------
    language : ``en`` or ``zh-hans``

    Examples
    --------
    >>> in_language("zh-hans")("Subjects"), in_language("en")("Subjects")
    ('受试者', 'Subjects')
    """
    return partial(_put, CHINESE if language == "zh-hans" else {})


def _put(words_by_english: Mapping[str, str], words: str) -> str:
    return words_by_english.get(words, words)
